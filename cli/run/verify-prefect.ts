/** `sluice verify --prefect`: compares by id what Sluice and a Prefect server have; sends Prefect what it lacks. */
import type { EventFilter } from '../../client/src/event-filter.ts';
import { wait } from '../../client/src/retry.ts';
import type { Sluice } from '../../client/src/sluice.ts';
import { alwaysForwarded } from '../../schemas/always-forwarded.ts';
import { type Call, hasOption } from '../command-row.ts';
import { CommandError, exitCodes, UsageError } from '../exit-codes.ts';
import { durationOption } from '../options.ts';
import { askServer, forwarderOf, prefectTarget } from '../prefect-target.ts';
import { askFor, connectTo, readTarget, type ServerTarget } from '../target.ts';
import { differingSlices, type Slice, sliceOf } from './differing-slices.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
const shownMax = 10;
const batchEvents = 100;
/** A Prefect server drops what its broker does not keep up with. */
const batchMs = 334;

interface Found {
  readonly id: string;
  readonly event: string;
  readonly text: string;
}

type ById = ReadonlyMap<string, Found>;

export async function runVerifyPrefect(call: Call): Promise<number> {
  const prefect = prefectTarget(call);
  if (prefect === null) throw new UsageError('Name the Prefect server by --prefect URL.');
  const { terminal, signal } = call;
  const untilMs = Date.now() - (durationOption(call, 'rest', '--rest') ?? minuteMs);
  const window = sliceOf(untilMs - (durationOption(call, 'since', '--since') ?? hourMs), untilMs);
  const [ours, theirs] = [await askFor(call), await connectTo(prefect, { attemptsMax: 3 })];
  const filter = (await forwarderOf(readTarget(call), signal))?.filter ?? null;
  // What the filter holds back would make each slice differ.
  const slices = filter === null ? await differingSlices(ours, theirs, window, signal) : [window];
  const missing: Found[] = [];
  const strange: Found[] = [];
  let heldBack = 0;
  for (const slice of slices) {
    const here = await eventsIn(ours, {}, slice, signal);
    const there = await eventsIn(theirs, {}, slice, signal);
    const wanted = filter === null ? here : await passing(ours, filter, slice, signal);
    heldBack += [...here.keys()].filter((id) => !wanted.has(id)).length;
    missing.push(...without(wanted, there));
    strange.push(...without(there, here));
  }
  const lines = [
    `from ${window.since} to ${window.until}: ${slices.length === 0 ? 'the same counts' : 'compared by id'}`,
    ...(filter === null ? [] : [`held back by the filter: ${heldBack}`]),
    ...told('Prefect lacks', missing),
    ...told('Sluice lacks', strange),
  ];
  if (missing.length + strange.length === 0) lines.push('Both have the same events.');
  await terminal.print(`${lines.join('\n')}\n`);
  const isRepaired = hasOption(call, 'repair') && missing.length > 0;
  if (isRepaired) await repair(prefect, missing, call);
  return strange.length === 0 && (missing.length === 0 || isRepaired) ? exitCodes.ok : exitCodes.error;
}

async function eventsIn(server: Sluice, filter: EventFilter, slice: Slice, signal: AbortSignal): Promise<ById> {
  const found = new Map<string, Found>();
  const asked = server.query({ ...filter, occurred: slice }, { order: 'ASC', signal });
  for await (const text of asked.texts()) {
    const { id, event }: Found = JSON.parse(text);
    found.set(id, { id, event, text });
  }
  return found;
}

/** What the forwarder sends on: what the filter names, and all that begins with `prefect.`. */
async function passing(ours: Sluice, filter: string, slice: Slice, signal: AbortSignal): Promise<ById> {
  const named: EventFilter = JSON.parse(filter);
  const always = await eventsIn(ours, { event: { prefix: [alwaysForwarded] } }, slice, signal);
  return new Map([...always, ...(await eventsIn(ours, named, slice, signal))]);
}

function without(one: ById, other: ById): Found[] {
  return [...one.values()].filter(({ id }) => !other.has(id));
}

/** How many, by their names, and the first ids. */
function told(who: string, events: readonly Found[]): string[] {
  if (events.length === 0) return [];
  const names = new Map<string, number>();
  for (const { event } of events) names.set(event, (names.get(event) ?? 0) + 1);
  const byName = [...names].sort(([, a], [, b]) => b - a).map(([name, count]) => `  ${count} × ${name}`);
  const ids = events.slice(0, shownMax).map(({ id }) => `  ${id}`);
  const more = events.length > shownMax ? [`  and ${events.length - shownMax} more`] : [];
  return [`${who} ${events.length} events:`, ...byName.slice(0, shownMax), ...ids, ...more];
}

async function repair(prefect: ServerTarget, missing: readonly Found[], { terminal, signal }: Call): Promise<void> {
  for (let from = 0; from < missing.length; from += batchEvents) {
    const batch = missing.slice(from, from + batchEvents);
    const body = `[${batch.map(({ text }) => asSent(text)).join(',')}]`;
    const answer = await askServer(prefect, '/events', signal, { method: 'POST', body });
    if (answer.status !== 204) {
      const said = (await answer.text()).slice(0, 300);
      throw new CommandError(`Prefect answered ${answer.status} after ${from} events: ${said}. Verify again first.`);
    }
    await wait(batchMs, signal);
  }
  terminal.notice(`${missing.length} events were sent to Prefect; it shows them in some seconds`);
}

/** `received` stands last, and is each server's own. */
function asSent(text: string): string {
  return `${text.slice(0, text.lastIndexOf(',"received":"'))}}`;
}
