/**
 * Which own events are forwarded: what the filter names, and all that a Prefect server works by itself, whose names
 * begin with `prefect.`: task runs, waits and the automations on both need these.
 */
import { alwaysForwarded } from '../../schemas/always-forwarded.ts';
import { foldText } from '../../schemas/stored-event.ts';
import { StartRefused } from '../base/errors.ts';
import { issueLine } from '../base/issue-line.ts';
import type { LoggedEvent } from '../event-log/logged-event.ts';
import { idCharacters, timeCharacters } from '../event-log/row.ts';
import { compilePredicate } from '../filter/predicate.ts';
import { isRecord } from '../filter/read-model.ts';
import { validateFilter } from '../filter/validate-filter.ts';

export interface Passing {
  /** False only where the row's event cannot pass; looks at some bytes. */
  readonly mayPass: (rows: Buffer, at: number) => boolean;
  readonly passes: (event: LoggedEvent) => boolean;
}

/** By the text of a filter, as a client sends it; null lets all pass. Throws StartRefused for what is no filter. */
export function readPassing(text: string | null): Passing {
  if (text === null) return { mayPass: () => true, passes: () => true };
  const sent = parsed(text);
  const unfit = ['occurred', 'order'].find((name) => isRecord(sent) && sent[name] !== undefined);
  if (unfit !== undefined) throw refused(`it has ${unfit}, and holds for all times`);
  const checked = validateFilter(sent, { loc: [], now: new Date(0), openEnded: true });
  if (!checked.ok) throw refused(issueLine(checked.issues, 'it does not validate'));
  const fits = compilePredicate([checked.value]);
  const { name, prefix } = checked.value.event;
  const starts = name.length > 0 ? name : prefix;
  return {
    mayPass: starts.length === 0 ? () => true : beginsWith([alwaysForwarded, ...starts]),
    passes: (event) => event.event.startsWith(alwaysForwarded) || fits(event),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refused('it is not JSON');
  }
}

function refused(why: string): StartRefused {
  return new StartRefused(
    `SLUICE_PREFECT_FILTER is no filter of events: ${why}. Give it as {"event":{"prefix":["order."]}}.`,
  );
}

const tab = 9;
const timesBytes = 2 * (timeCharacters + 1);

/** Whether a row's search text, which begins with the event's name, folded, begins with one of these. */
function beginsWith(names: readonly string[]): Passing['mayPass'] {
  const starts = names.map((name) => Buffer.from(foldText(name)));
  // Beyond ASCII a name may be folded otherwise than its beginning by itself.
  if (starts.some((start) => start.some((byte) => byte > 0x7f))) return () => true;
  return (rows, at) => {
    let search = at;
    while (rows[search] !== tab) search += 1;
    search += 1 + idCharacters + 1 + timesBytes;
    while (rows[search] !== tab) search += 1;
    search += 1;
    for (const start of starts) if (standsAt(rows, search, start)) return true;
    return false;
  };
}

function standsAt(rows: Buffer, at: number, text: Buffer): boolean {
  for (let nth = 0; nth < text.length; nth += 1) if (rows[at + nth] !== text[nth]) return false;
  return true;
}
