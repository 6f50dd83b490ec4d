/** What a carrier does with what it hears, case by case. The first two once lost acknowledged events. */
import { describe, expect, it } from 'vitest';
import { type Row, splitRow } from '../../src/event-log/row.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import type { PassedOver } from '../../src/shared-log/apply-rules.ts';
import { type Block, decodeBlock, encodeBlock } from '../../src/shared-log/block.ts';
import { Carrier } from '../../src/shared-log/carrier.ts';
import { idOf, rowOf, spool } from './rows.ts';

/** A carrier whose world is the test. */
function rig({ rowsMax = 10, isForgetful = false } = {}) {
  const sent: { block: Block; after: number; turn: number }[] = [];
  const asked: number[] = [];
  const lookedUp: { ids: string[]; upTo: number; turn: number }[] = [];
  const told: [number, number][] = [];
  const kept: number[] = [];
  const disk = { isFull: false };
  const timers: (() => void)[] = [];
  const forgotten = new ForgottenIds();
  forgotten.isUnknown = isForgetful;
  const window = new IdWindow({ idsMax: 1_000, checkpoint: () => Number.POSITIVE_INFINITY, forgotten });
  const replica = { applied: { stream: 0, receivedMs: 0 }, seq: 0, window };
  const events: number[] = [];
  /** Of forced labels, by row of the spool. */
  const tags = new Map<number, number>();
  const carrier = new Carrier({
    spool: {
      epoch: spool,
      oldest: 1,
      get head() {
        return events.length;
      },
      read(from, max) {
        const rows = events.slice(from - 1, from - 1 + max).map((nth, at) => Buffer.from(rowOf(from + at, event(nth))));
        let end = 0;
        const ends = rows.map(({ length }) => (end += length));
        const marks = rows.flatMap((_, nth) => {
          const tag = tags.get(from + nth);
          return tag === undefined ? [] : [{ nth, tag, isFromPrefect: false }];
        });
        return { rows: Buffer.concat(rows), ends, marks, last: from - 1 + rows.length };
      },
    },
    replica,
    stream: {
      send: (data, after, turn) => void sent.push({ block: blockIn(data), after, turn }),
      askNewest: (turn) => void asked.push(turn),
    },
    store: { lookUp: (rows, upTo, turn) => void lookedUp.push({ ids: rows.map(({ id }) => id), upTo, turn }) },
    settled: (upTo, letGo) => void told.push([upTo, letGo]),
    keepTaken(rows) {
      if (disk.isFull) return false;
      kept.push(...rows.map(({ seq }) => seq));
      return true;
    },
    wait: (_ms, call) => {
      timers.push(call);
      return () => void timers.splice(timers.indexOf(call), 1);
    },
    options: { rowsMax, bytesMax: 1_000_000, parkedMax: 3, silentMs: 1, againMs: 1 },
  });
  const applied = (
    block: Block,
    stream: number,
    passedOver: PassedOver | null = null,
    taken: readonly Row[] = [],
  ): void => {
    replica.applied = { stream, receivedMs: 0 };
    carrier.applied({ block, stream, passedOver, accepted: block.ends.length, repeats: 0, taken });
  };
  const timeOut = (): void => timers.splice(0).forEach((call) => void call());
  const begin = (newest = 0): void => {
    carrier.start();
    carrier.answered(asked.at(-1) ?? 0, newest);
  };
  return { carrier, events, tags, replica, window, sent, asked, lookedUp, told, kept, disk, applied, timeOut, begin };
}

const event = (nth: number) => ({ nth, text: '', hasFraction: false, tag: 0, isFromPrefect: false });

function blockIn(data: Buffer): Block {
  const block = decodeBlock(data);
  return block !== 'damaged' && 'rows' in block ? block : expect.unreachable();
}

function idsOf({ rows }: Block): number[] {
  return rows
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => Number(splitRow(line).id.slice(-12)));
}

describe('a carrier', () => {
  it('settles nothing by a block that was stored and was stale, and sends its rows again', () => {
    const { carrier, events, sent, applied, begin } = rig();
    events.push(1, 2);
    begin();
    const [first = expect.unreachable()] = sent;
    applied(first.block, 1, 'stale');
    expect(carrier.settled).toBe(0);
    expect(sent.map(({ block, after }) => [idsOf(block), after])).toEqual([
      [[1, 2], 0],
      [[1, 2], 1],
    ]);
  });

  it('settles by the block that was stored, also where that was an earlier try with fewer rows', () => {
    const { carrier, events, sent, asked, applied, timeOut, begin } = rig();
    events.push(1);
    begin();
    events.push(2, 3);
    timeOut();
    carrier.answered(asked.at(-1) ?? 0, 0);
    const [first = expect.unreachable(), second = expect.unreachable()] = sent;
    expect([idsOf(first.block), idsOf(second.block)]).toEqual([[1], [1, 2, 3]]);
    applied(first.block, 1);
    expect(carrier.settled).toBe(1);
    carrier.refused(second.turn, true);
    expect([carrier.phase, idsOf(sent.at(-1)!.block), sent.at(-1)?.after]).toEqual(['sent', [2, 3], 1]);
  });

  it('settles nothing by a block of its name that another spool has sent, as of a folder that was lost', () => {
    const { carrier, events, sent, applied, begin } = rig();
    events.push(1);
    begin();
    applied({ ...sent[0]!.block, spool: '7d444840-9dc0-11d1-b245-5ffdce74fad2' }, 1);
    expect([carrier.settled, sent.length]).toEqual([0, 2]);
  });

  it('waits until what it finds of its own in the stream is applied, and drops what the replica knows', () => {
    const { carrier, events, sent, replica, window, applied, begin } = rig();
    events.push(1, 2, 3);
    begin(7);
    expect([carrier.phase, sent.length]).toEqual(['following', 0]);
    window.add(idOf(1), 1, 0, 0);
    window.add(idOf(3), 2, 0, 0);
    replica.seq = 2;
    applied(blockIn(blockOfOther()), 7);
    expect(sent.map(({ block, after }) => [idsOf(block), block.judgedAt, block.covers, after])).toEqual([
      [[2], 2, 3, 7],
    ]);
  });

  it('asks the store for what may have left the window, once it has all that did, and sends what it lacks', () => {
    const { carrier, events, sent, replica, lookedUp, begin } = rig({ isForgetful: true });
    events.push(1, 2);
    replica.seq = 9;
    begin();
    expect(lookedUp).toMatchObject([{ ids: [idOf(1), idOf(2)], upTo: 9 }]);
    replica.seq = 11;
    carrier.lookedUp(lookedUp[0]!.turn, new Map([[1, 'repeat']]));
    expect(sent.map(({ block }) => [idsOf(block), block.judgedAt, block.covers])).toEqual([[[2], 9, 2]]);
  });

  it('lets old rows wait for the store, and not those behind them; keeps the spool from there on', () => {
    const { carrier, events, sent, window, lookedUp, told, applied, begin } = rig();
    events.push(1, 2, 3);
    begin();
    applied(sent[0]!.block, 1);
    const isOld = window.mayHaveHeld.bind(window);
    window.mayHaveHeld = () => true;
    events.push(4);
    carrier.wake();
    window.mayHaveHeld = isOld;
    events.push(5);
    carrier.wake();
    expect([idsOf(sent[1]!.block), lookedUp.map(({ ids }) => ids)]).toEqual([[5], [[idOf(4)]]]);
    applied(sent[1]!.block, 2);
    expect([told.at(-1), carrier.parked]).toEqual([[5, 3], 1]);
    carrier.lookedUp(1, new Map());
    expect(idsOf(sent[2]!.block)).toEqual([4]);
    applied(sent[2]!.block, 3);
    expect([told.at(-1), carrier.parked]).toEqual([[5, 5], 0]);
  });

  it('stops at an old row for which there is no room, until the store has answered', () => {
    const { carrier, events, sent, lookedUp, told, begin } = rig({ isForgetful: true });
    events.push(1, 2, 3, 4);
    begin();
    expect([lookedUp[0]?.ids, told.at(-1)]).toEqual([[1, 2, 3].map(idOf), [3, 0]]);
    carrier.lookedUp(1, new Map([1, 2, 3].map((seq) => [seq, 'repeat'])));
    expect([sent, lookedUp[1]?.ids, told.at(-1)]).toEqual([[], [idOf(4)], [4, 3]]);
  });

  it('keeps a row whose id is taken, on the disk, before it is settled: known here, in the store, or applied', () => {
    const { carrier, events, tags, sent, window, kept, disk, told, lookedUp, applied, timeOut, asked, begin } = rig();
    window.add(idOf(1), 1, 0, 0, 7);
    events.push(1, 2);
    tags.set(1, 8).set(2, 8);
    begin();
    expect([kept, idsOf(sent[0]!.block)]).toEqual([[1], [2]]);
    const row = { ...splitRow(sent[0]!.block.rows.toString()) };
    disk.isFull = true;
    applied(sent[0]!.block, 1, null, [row]);
    expect([kept, told, carrier.phase]).toEqual([[1], [], 'asking']);
    disk.isFull = false;
    window.add(idOf(2), 2, 0, 0, 7);
    timeOut();
    carrier.answered(asked.at(-1) ?? 0, 1);
    expect([kept, told]).toEqual([[1, 2], [[2, 2]]]);
    window.mayHaveHeld = () => true;
    events.push(3);
    tags.set(3, 8);
    carrier.wake();
    carrier.lookedUp(lookedUp[0]!.turn, new Map([[3, 'taken']]));
    expect([kept, told.at(-1)]).toEqual([
      [1, 2, 3],
      [3, 3],
    ]);
  });

  it('sends half as many rows after two stale blocks in a row, and more again when one counts', () => {
    const { carrier, events, sent, applied, begin } = rig({ rowsMax: 4 });
    events.push(...Array.from({ length: 12 }, (_, nth) => nth));
    begin();
    for (const stream of [1, 2]) applied(sent.at(-1)!.block, stream, 'stale');
    applied(sent.at(-1)!.block, 3);
    expect(sent.map(({ block }) => idsOf(block).length)).toEqual([4, 4, 2, 4]);
    expect(carrier.settled).toBe(2);
  });

  it('asks again after a while where the stream refuses all, and at once where another message came first', () => {
    const { carrier, events, sent, asked, timeOut, begin } = rig();
    events.push(1);
    begin();
    carrier.refused(sent[0]!.turn, false);
    expect(asked.length).toBe(1);
    timeOut();
    carrier.answered(asked.at(-1) ?? 0, 0);
    carrier.refused(sent[1]!.turn, true);
    expect(asked.length).toBe(3);
  });
});

function blockOfOther(): Buffer {
  const { sent, events, begin } = rig();
  events.push(9);
  begin();
  const { block } = sent[0] ?? expect.unreachable();
  return Buffer.from(encode(block));
}

function encode(block: Block): Buffer {
  return encodeBlock({ ...block, covers: 0 }, block.ends.length, [block.rows], []);
}
