/**
 * `occurred`: the window. It is in no live test and no key, for each subscriber of a topic has a window of its own: see
 * `insideWindow`.
 */
import { timeKey } from '../../../schemas/event.ts';
import type { Filter } from '../../../schemas/filter.ts';
import type { FilterPart } from '../filter-part.ts';
import { readModel, readTime } from '../read-model.ts';
import { modelSchema, timeSchema } from '../sent-schemas.ts';
import { formatTimeForClickHouse, timeOfDate } from '../time.ts';

type Window = Filter['occurred'];

export const occurred: FilterPart<Window> = {
  name: 'occurred',
  about:
    '`since` and `until`, both inclusive, in any form of ISO 8601 or as seconds since 1970. ' +
    'Without `since`: the start of the day 180 days ago. Without `until`: now; on `/out` no end',
  schema: modelSchema({ since: timeSchema, until: timeSchema }),
  absent: ({ now, openEnded }) => {
    const since = new Date(now.getTime() - lookBackDays * dayMs).setUTCHours(0, 0, 0, 0);
    return { since: timeOfDate(new Date(since)), until: openEnded ? null : endOfMillisecond(now) };
  },
  isAbsent: () => false,
  read: (absent) => (input, place) =>
    readModel(input, place, absent, (field) => ({
      since: field('since', absent.since, readTime),
      until: field<string | null>('until', absent.until, readTime),
    })),
  test: () => null,
  sql: ({ since, until }, bind) => {
    const time = (canonical: string) => bind("DateTime64(6, 'UTC')", formatTimeForClickHouse(canonical));
    const from = `occurred >= ${time(since)}`;
    return until === null ? [from] : [from, `occurred <= ${time(until)}`];
  },
  key: () => [],
  access: () => [],
  labels: () => [],
  heapBytes: () => 0,
};

/** Both bounds are inclusive; `until: null` is open-ended. */
export function insideWindow({ since, until }: Window, time: string): boolean {
  const key = timeKey(time);
  return key >= timeKey(since) && (until === null || key <= timeKey(until));
}

const lookBackDays = 180;
const dayMs = 86_400_000;

/** Senders have a clock of microseconds, this one has milliseconds: what occurred "now" must not lie after it. */
function endOfMillisecond(now: Date): string {
  return `${now.toISOString().slice(0, 23)}999Z`;
}
