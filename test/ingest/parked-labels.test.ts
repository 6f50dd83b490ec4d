/**
 * Parked events under forced labels (I1, I11): the look-up compares the label. One whose id is another label's is kept
 * for people, for it was acknowledged, and is never dropped as a repeat.
 */
import { expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { splitRow } from '../../src/event-log/row.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { startParkedResolver } from '../../src/ingest/resolve-parked.ts';
import { TakenIds } from '../../src/table-writer/taken-ids.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { Disk, withFolder } from '../journal/support.ts';
import { FakeStore } from './fake-store.ts';

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
const labels = { a: { key: 'tenant', value: 'a' }, b: { key: 'tenant', value: 'b' } };
type Sender = keyof typeof labels | null;

/** A life on what another one left: what waits there is settled, if the store answers. */
function live(folder: string, journal: MemoryLog, store: FakeStore, disk = new Disk()) {
  const forgotten = new ForgottenIds();
  forgotten.forget(Date.parse('2026-11-20T00:00:00Z') / 1000, 0);
  const window = new IdWindow({ idsMax: 100, checkpoint: () => 0, forgotten });
  const parked = new ParkedEvents({ eventsMax: 100, bytesMax: 1_000_000 });
  for (const row of journal.open) parked.add(row);
  parked.confirm(journal.committed.parked);
  const [log, counters] = [createLog('silent'), createCounters()];
  const taken = new TakenIds(folder, disk);
  const intake = createIntake({
    ...{ journal, window, parked, log, counters, live: new LiveBus(0) },
    ...{ now: () => Date.parse('2026-11-22T10:00:00Z'), elapsedMs: () => 0, gate: () => null },
    keepTaken: (rows) => taken.add(rows, '2026-11-22T10:00:00Z'),
  });
  const pause = () => new Promise<void>((resolve) => setImmediate(resolve));
  const resolver = startParkedResolver({ parked, window, unpark: intake.unpark, store, pause, log });
  const park = (id: number, sender: Sender): string => {
    const label = sender === null ? null : labels[sender];
    return intake.acceptMessage(Buffer.from(textOf(id)), false, label).kind;
  };
  const answer = async (): Promise<void> => {
    for (let nth = 0; nth < 4; nth += 1) {
      await turns();
      store.answer(true);
    }
    await turns();
  };
  const kept = () => taken.entries().map(({ row }) => Number(splitRow(row).id.slice(-12)));
  return { journal, parked, counters, resolver, park, answer, kept };
}

const idOf = (id: number): string => `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`;
const occurred = '2026-11-19 09:00:00.000000';

function textOf(id: number): string {
  return JSON.stringify({
    occurred: `${occurred}Z`,
    event: 'e',
    resource: { 'prefect.resource.id': 'r' },
    id: idOf(id),
  });
}

/** An event that the store has, as it was stored under a label. */
function stored(store: FakeStore, id: number, tenant: string | null): void {
  const resource = { 'prefect.resource.id': 'r', ...(tenant !== null && { tenant }) };
  const row = {
    seq: id,
    id: idOf(id),
    received: occurred,
    occurred,
    head: 0,
    search: '',
    raw: JSON.stringify({ resource }),
  };
  store.rows_.push(row);
}

/** Who parked which of the events, and whose the store has, to what becomes of it. */
const cases: readonly (readonly [sender: Sender, store: string | null | 'nothing', fate: string])[] = [
  ['a', 'nothing', 'stored'],
  ['a', 'a', 'repeat'],
  ['a', 'b', 'taken'],
  ['a', null, 'taken'],
  [null, 'nothing', 'stored'],
  [null, 'a', 'repeat'],
  [null, null, 'repeat'],
];

it.each(cases)('parked by %s, and the store has %s: it is %s', async (sender, has, fate) => {
  await withFolder(async (folder) => {
    const store = new FakeStore();
    if (has !== 'nothing') stored(store, 1, has);
    const { journal, parked, counters, resolver, park, answer, kept } = live(folder, new MemoryLog(), store);
    expect(park(1, sender)).toBe('parked');
    await answer();
    expect([parked.size, journal.open, kept()]).toEqual([0, [], fate === 'taken' ? [1] : []]);
    expect(journal.committedRows.map(({ tag }) => tag !== 0)).toEqual(fate === 'stored' ? [sender !== null] : []);
    expect(counters).toMatchObject({
      parkedAppended: fate === 'stored' ? 1 : 0,
      parkedDeduped: fate === 'repeat' ? 1 : 0,
      parkedTaken: fate === 'taken' ? 1 : 0,
    });
    await resolver.stop();
  });
});

it('parked by two: the first has the id, the second is kept for people, and is no repeat', async () => {
  await withFolder(async (folder) => {
    const { journal, counters, resolver, park, answer, kept } = live(folder, new MemoryLog(), new FakeStore());
    expect([park(1, 'a'), park(1, 'b'), park(1, 'a')]).toEqual(['parked', 'parked', 'parked']);
    expect(counters).toMatchObject({ parked: 2, deduped: 1 });
    await answer();
    expect(journal.committedRows.map(({ raw }) => raw.includes('"tenant":"a"'))).toEqual([true]);
    expect(kept()).toEqual([1]);
    expect(counters).toMatchObject({ parkedAppended: 1, parkedDeduped: 0, parkedTaken: 1 });
    expect(park(1, 'b')).toBe('refused');
    await resolver.stop();
  });
});

it('keeps its label over a kill', async () => {
  await withFolder(async (folder) => {
    const store = new FakeStore();
    stored(store, 1, 'b');
    const first = live(folder, new MemoryLog(), store);
    first.park(1, 'a');
    await turns();
    const second = live(folder, first.journal.killed(), store);
    store.answer(true);
    await first.resolver.stop();
    await second.answer();
    expect([second.parked.size, second.kept(), second.counters.parkedTaken]).toEqual([0, [1], 1]);
    await second.resolver.stop();
  });
});

it('waits on where it cannot be kept, and half a line spoils no later one', async () => {
  await withFolder(async (folder) => {
    const [store, disk] = [new FakeStore(), new Disk()];
    stored(store, 1, 'b');
    const { parked, counters, resolver, park, answer, kept } = live(folder, new MemoryLog(), store, disk);
    park(1, 'a');
    disk.writes = [10, 'ENOSPC'];
    await answer();
    await answer();
    expect([parked.size, kept(), counters.parkedTaken]).toEqual([0, [1], 1]);
    expect(disk.writes).toEqual([]);
    await resolver.stop();
  });
});
