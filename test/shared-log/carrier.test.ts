/** What a carrier does with what it hears, case by case. The first two once lost acknowledged events. */
import { describe, expect, it } from 'vitest';
import { splitRow } from '../../src/event-log/row.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import type { PassedOver } from '../../src/shared-log/applier.ts';
import { type Block, decodeBlock, encodeBlock } from '../../src/shared-log/block.ts';
import { Carrier } from '../../src/shared-log/carrier.ts';
import { idOf, rowOf, spool } from './rows.ts';

/** A carrier whose world is the test. */
function rig({ rowsMax = 10, isForgetful = false } = {}) {
  const sent: { block: Block; after: number; turn: number }[] = [];
  const asked: number[] = [];
  const lookedUp: { ids: string[]; upTo: number; turn: number }[] = [];
  const timers: (() => void)[] = [];
  const forgotten = new ForgottenIds();
  forgotten.isUnknown = isForgetful;
  const window = new IdWindow({ idsMax: 1_000, checkpoint: () => Number.POSITIVE_INFINITY, forgotten });
  const replica = { applied: { stream: 0, receivedMs: 0 }, seq: 0, window };
  const events: number[] = [];
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
        return { rows: Buffer.concat(rows), ends, marks: [], last: from - 1 + rows.length };
      },
    },
    replica,
    stream: {
      send: (data, after, turn) => void sent.push({ block: blockIn(data), after, turn }),
      askNewest: (turn) => void asked.push(turn),
    },
    store: { lookUp: (rows, upTo, turn) => void lookedUp.push({ ids: rows.map(({ id }) => id), upTo, turn }) },
    settled: () => undefined,
    wait: (_ms, call) => {
      timers.push(call);
      return () => void timers.splice(timers.indexOf(call), 1);
    },
    options: { rowsMax, bytesMax: 1_000_000, silentMs: 1, againMs: 1 },
  });
  const applied = (block: Block, stream: number, passedOver: PassedOver | null = null): void => {
    replica.applied = { stream, receivedMs: 0 };
    carrier.applied({ block, stream, passedOver, accepted: block.ends.length, repeats: 0 });
  };
  const timeOut = (): void => timers.splice(0).forEach((call) => void call());
  const begin = (newest = 0): void => {
    carrier.start();
    carrier.answered(asked.at(-1) ?? 0, newest);
  };
  return { carrier, events, replica, window, sent, asked, lookedUp, applied, timeOut, begin };
}

const event = (nth: number) => ({ nth, text: '', hasFraction: false, tag: 0, isFromPrefect: false });

function blockIn(data: Buffer): Block {
  const block = decodeBlock(data);
  return block === 'damaged' || 'unknown' in block ? expect.unreachable() : block;
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
    carrier.lookedUp(lookedUp[0]!.turn, new Set([idOf(1)]));
    expect(sent.map(({ block }) => [idsOf(block), block.judgedAt, block.covers])).toEqual([[[2], 9, 2]]);
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
