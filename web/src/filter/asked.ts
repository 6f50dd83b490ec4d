/** The filter that the URL's line says, in the form in which the API takes it. */
import { computed } from '@preact/signals';
import type { EventFilter } from '../../../client/src/event-filter.ts';
import { parseFilterLine } from '../../../client/src/filter-line.ts';
import { timeOf } from '../../../client/src/filter-line-time.ts';
import { address } from '../base/address.ts';
import { sentenceOf } from '../base/failure.ts';

export interface Asked {
  /** Without its window. */
  readonly filter: EventFilter;
  /** As ISO; null where the line names none. */
  readonly since: string | null;
  readonly until: string | null;
  /** Why the line is no filter; null where it is one. */
  readonly refusal: string | null;
}

const line = computed(() => address.value.line);

/** Read anew when the line changes, so that `10m` ago stays where it was. */
export const asked = computed((): Asked => readLine(line.value, Date.now()));

export function readLine(text: string, nowMs: number): Asked {
  try {
    const { filter, since, until } = parseFilterLine(text);
    return {
      filter,
      since: since === undefined ? null : timeOf('since', since, nowMs),
      until: until === undefined ? null : timeOf('until', until, nowMs),
      refusal: null,
    };
  } catch (error) {
    return { filter: {}, since: null, until: null, refusal: sentenceOf(error) };
  }
}
