/**
 * Intake over a log that fails on command: groups, answers, repeats, and what is told when records are lost (I1, I4,
 * I11).
 */
import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { Failure } from '../../src/base/errors.ts';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import type { Loss } from '../../src/ingest/losses.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { MemoryLog } from '../../support/memory-log.ts';

function copied({ seq, raw, search, body }: StoredEvent): StoredEvent {
  const { occurred, event, resource, related, payload, id, follows } = body;
  return { seq, raw, search, body: { occurred, event, resource, related, payload, id, follows } };
}

const start = Date.parse('2026-11-22T10:00:00.500Z');

function open(durability: 'process' | 'fsync' = 'process', waitingBytesMax = 1_000_000) {
  const journal = new MemoryLog(durability);
  const window = new IdWindow({ idsMax: 100, checkpoint: () => 0, forgotten: new ForgottenIds() });
  const live = new LiveBus(0);
  const parked = new ParkedEvents({ eventsMax: 1000, bytesMax: 1_000_000 });
  const counters = createCounters();
  const log = createLog('silent');
  let closed: Failure | null = null;
  const clocks = { now: () => start, elapsedMs: () => 0 };
  const settings = { waitingBytesMax, gate: () => closed, ...clocks };
  const intake = createIntake({ journal, window, parked, live, log, counters, ...settings });
  const delivered: StoredEvent[][] = [];
  const losses: Loss[] = [];
  // Now: its memory is used again.
  live.batches$.subscribe((batch) => delivered.push(batch.map(copied)));
  intake.lost$.subscribe((loss) => losses.push(loss));
  return {
    journal,
    window,
    live,
    counters,
    intake,
    delivered,
    losses,
    close: (failure: Failure) => (closed = failure),
  };
}

function eventText(number: number, change: object = {}): string {
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const resource = { 'prefect.resource.id': 'r' };
  return JSON.stringify({ occurred: '2026-11-22T09:00:00Z', event: `e${number}`, resource, id, ...change });
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function seqs(batches: StoredEvent[][]): number[][] {
  return batches.map((batch) => batch.map(({ seq }) => seq));
}

type Opened = ReturnType<typeof open>;

function post({ intake }: Opened, ...numbers: number[]): Promise<void> {
  const outcome = intake.acceptBatch(Buffer.from(`[${numbers.map((number) => eventText(number)).join(',')}]`), true);
  if (!outcome.ok) throw new Error('The batch was refused');
  return outcome.durable;
}

function send({ intake }: Opened, number: number, change?: object) {
  return intake.acceptMessage(Buffer.from(eventText(number, change)), false);
}

describe('accept', () => {
  it('makes one group of all that comes in one turn: written, then live, then answered', async () => {
    const parts = open();
    const order: string[] = [];
    parts.live.batches$.subscribe(() => order.push('live'));
    const answers = [
      post(parts, 1, 2).then(() => order.push('answer')),
      post(parts, 3).then(() => order.push('answer')),
    ];
    expect(send(parts, 4)).toEqual({ kind: 'accepted', ticket: 4 });
    expect(parts.journal.head).toBe(0);
    await Promise.all(answers);
    expect(order).toEqual(['live', 'answer', 'answer']);
    expect(seqs(parts.delivered)).toEqual([[1, 2, 3, 4]]);
    expect(parts.live.mark).toBe(4);
    expect(parts.counters).toMatchObject({ parsed: 4, appended: 4, deduped: 0 });
  });

  it('writes the row of an event, and hands the same text to live delivery', async () => {
    const parts = open();
    await post(parts, 7);
    const [row] = parts.journal.committedRows;
    const id = '00000000-0000-4000-8000-000000000007';
    const head = '{"occurred":"2026-11-22T09:00:00Z","event":"e7","resource":{"prefect.resource.id":"r"},"related":[]';
    const raw = `${head},"payload":{},"id":"${id}","follows":null,"received":"2026-11-22T10:00:00.500000Z"}`;
    const search = 'e7\u001fr\u001f';
    const times = { received: '2026-11-22 10:00:00.500000', occurred: '2026-11-22 09:00:00.000000' };
    expect(row).toEqual({ seq: 1, id, ...times, head: head.length, search, raw, tag: 0 });
    expect(parts.delivered[0]?.[0]).toMatchObject({ seq: 1, raw, search, body: { id, event: 'e7', payload: {} } });
  });

  it('takes an id once: the first wins, in one batch too, and a repeat waits for the first', async () => {
    const parts = open();
    const first = send(parts, 1);
    const batch = post(parts, 1, 2, 2);
    expect(first).toEqual({ kind: 'accepted', ticket: 1 });
    expect(send(parts, 1, { event: 'other', occurred: '2001-01-01' })).toEqual({ kind: 'duplicate', ticket: 1 });
    await batch;
    expect(parts.journal.committedRows.map(({ id }) => Number(id.slice(-2)))).toEqual([1, 2]);
    expect(parts.counters).toMatchObject({ appended: 2, deduped: 3 });
  });

  it('commits for a ping at once, and delivers in the next turn', async () => {
    const parts = open();
    send(parts, 1);
    parts.intake.ensureDurable(1);
    expect(parts.journal.horizon.ticket).toBe(1);
    expect([parts.journal.head, parts.live.mark]).toEqual([1, 0]);
    await turn();
    expect(seqs(parts.delivered)).toEqual([[1]]);
  });

  it('stores nothing of a batch of which one event is bad, or for which there is no room', async () => {
    const parts = open();
    const refused = parts.intake.acceptBatch(Buffer.from(`[${eventText(1)},{}]`), true);
    expect(refused.ok).toBe(false);
    send(parts, 9);
    parts.journal.roomUpTo = 2;
    expect(() => post(parts, 1, 2, 3)).toThrow('No room');
    parts.journal.roomUpTo = 10;
    await post(parts, 3, 1);
    expect(parts.journal.committedRows.map(({ id }) => Number(id.slice(-2)))).toEqual([9, 3, 1]);
    expect(seqs(parts.delivered)).toEqual([[1, 2, 3]]);
    expect(parts.counters.refused).toEqual({ badEvent: 2, journalFull: 3 });
  });

  it('takes nothing while it is closed or the log has failed', () => {
    const parts = open();
    parts.journal.failed = new Failure('journalFailed', 'dead');
    expect(() => send(parts, 1)).toThrow('dead');
    parts.close(new Failure('shuttingDown', 'stopping'));
    expect(() => post(parts, 1)).toThrow('stopping');
    expect(parts.counters.refused).toEqual({ journalFailed: 1, shuttingDown: 1 });
  });
});

describe('a failed commit', () => {
  it('fails the answers of what was not written, delivers what was, and takes the lost ids again', async () => {
    const parts = open();
    const answers = [post(parts, 1), post(parts, 2), post(parts, 3, 1)];
    parts.journal.commitFailsAfter = 1;
    const settled = await Promise.allSettled(answers);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(settled[1]).toMatchObject({ reason: { failure: 'journalFull' } });
    expect(seqs(parts.delivered)).toEqual([[1]]);
    expect(parts.losses).toMatchObject([{ above: 1, failure: { failure: 'journalFull' } }]);
    await post(parts, 2, 1);
    expect(parts.journal.committedRows.map(({ id }) => Number(id.slice(-2)))).toEqual([1, 2]);
  });

  it('in a ping is thrown there, and told to the others before a seq is given out again', () => {
    const parts = open();
    send(parts, 1);
    send(parts, 2);
    parts.journal.commitFailsAfter = 1;
    expect(() => parts.intake.ensureDurable(2)).toThrow('The disk is full');
    expect(parts.losses).toEqual([]);
    expect(() => parts.intake.ensureDurable(2)).toThrow('The disk is full');
    parts.intake.ensureDurable(1);
    expect(send(parts, 3)).toEqual({ kind: 'accepted', ticket: 2 });
    expect(parts.losses).toMatchObject([{ above: 1 }]);
  });

  it('is never followed by a pong for what was lost', async () => {
    const parts = open();
    send(parts, 1);
    parts.journal.commitFailsAfter = 0;
    await turn();
    expect(parts.losses).toMatchObject([{ above: 0 }]);
    expect(() => parts.intake.ensureDurable(1)).toThrow(Failure);
  });
});

describe('with fsync', () => {
  it('live delivery and answers wait for the sync, one at a time; a ping does not wait', async () => {
    const parts = open('fsync');
    let isAnswered = false;
    const answer = post(parts, 1).then(() => {
      isAnswered = true;
    });
    await turn();
    expect([parts.journal.head, parts.journal.horizon.ticket, isAnswered]).toEqual([1, 0, false]);
    send(parts, 2);
    await turn();
    parts.intake.ensureDurable(2);
    expect(parts.journal.horizon.ticket).toBe(2);
    parts.journal.endSyncs();
    await answer;
    expect(seqs(parts.delivered)).toEqual([[1, 2]]);
  });

  it('what was committed during a sync gets the next one', async () => {
    const parts = open('fsync');
    const first = post(parts, 1);
    await turn();
    const second = post(parts, 2);
    await turn();
    parts.journal.endSyncs();
    await first;
    expect(seqs(parts.delivered)).toEqual([[1]]);
    parts.journal.endSyncs();
    await second;
    expect(seqs(parts.delivered)).toEqual([[1], [2]]);
    await parts.intake.settled();
  });

  it('what waits for a slow disk is bounded: beyond it nothing is taken until the disk is done (I4)', async () => {
    const parts = open('fsync', 100);
    const answer = post(parts, 1);
    await turn();
    expect(() => send(parts, 2)).toThrow(expect.objectContaining({ failure: 'journalFull' }));
    expect(parts.counters.refused.journalFull).toBe(1);
    parts.journal.endSyncs();
    await answer;
    expect(send(parts, 2)).toMatchObject({ kind: 'accepted', ticket: 2 });
  });

  it('a failed sync fails the answers, delivers nothing and stops intake', async () => {
    const parts = open('fsync');
    const answer = post(parts, 1);
    await turn();
    parts.journal.endSyncs(true);
    await expect(answer).rejects.toMatchObject({ failure: 'journalFailed' });
    expect(parts.delivered).toEqual([]);
    expect(parts.losses).toMatchObject([{ above: 0 }]);
    expect(() => send(parts, 2)).toThrow('The sync failed');
    await parts.intake.settled();
  });

  it('a log that dies meanwhile leaves no answer waiting', async () => {
    const parts = open('fsync');
    const answer = post(parts, 1);
    parts.journal.commit();
    parts.journal.die('dead');
    await expect(answer).rejects.toMatchObject({ failure: 'journalFailed' });
    await parts.intake.settled();
    expect(parts.losses).toMatchObject([{ above: 0 }]);
    expect(parts.delivered).toEqual([]);
  });

  it('a failed sync in a ping is thrown there', async () => {
    const parts = open('fsync');
    send(parts, 1);
    parts.journal.syncFails = true;
    expect(() => parts.intake.ensureDurable(1)).toThrow('The sync failed');
    expect(parts.losses).toEqual([]);
    await turn();
    expect(parts.losses).toMatchObject([{ above: 0 }]);
    expect(parts.delivered).toEqual([]);
  });
});

describe('a bad message', () => {
  it('is refused once and then skipped, and the good ones behind it get through', () => {
    const parts = open();
    const bad = Buffer.from('{nope');
    expect(parts.intake.acceptMessage(bad, false)).toMatchObject({ kind: 'refused', failure: 'badText' });
    expect(parts.intake.acceptMessage(bad, false)).toMatchObject({ kind: 'skipped' });
    expect(parts.intake.acceptMessage(Buffer.from('{}'), false)).toMatchObject({
      kind: 'refused',
      failure: 'badEvent',
    });
    expect(parts.intake.acceptMessage(Buffer.from('{ }'), true)).toMatchObject({
      kind: 'refused',
      failure: 'badMessage',
    });
    expect(send(parts, 1)).toMatchObject({ kind: 'accepted' });
    expect(parts.counters).toMatchObject({ skipped: 1, refused: { badText: 1, badEvent: 1, badMessage: 1 } });
  });

  it('that is only too large is skipped at once', () => {
    const parts = open();
    expect(send(parts, 1, { payload: { k: 'x'.repeat(1_500_000) } })).toMatchObject({ kind: 'skipped' });
    expect(parts.counters).toMatchObject({ skipped: 1, appended: 0 });
  });
});
