/**
 * What all peers hold by unfinished and by large messages has a bound (I4), and who answers is not taken for who does
 * not.
 */
import { describe, expect, it } from 'vitest';
import { FramePressure, type PressedPeer } from '../../src/server/frame-pressure.ts';

const mebibyte = 1024 * 1024;

/** Peers that hold memory until they are broken off; who answers does so at once. */
function world() {
  const peers = new Set<PressedPeer & { readonly name: string }>();
  const ended: string[] = [];
  /** `freeBytes` look held until they are returned to the system. */
  const facts = { nowMs: 0, otherBytes: 0, freeBytes: 0, asked: 0 };
  const held = new Map<PressedPeer, number>();
  const pressure = new FramePressure(
    {
      unseenBytes(isExact) {
        if (isExact) facts.freeBytes = 0;
        return [...held.values()].reduce((sum, bytes) => sum + bytes, facts.otherBytes + facts.freeBytes);
      },
      peers: () => peers,
      ended: () => undefined,
      nowMs: () => facts.nowMs,
    },
    { bytesMax: 100 * mebibyte, frameBytesMax: 5 * mebibyte },
  );
  function add(name: string, bytes: number, { answers = true, sent = 0, isReading = true, said = 0 } = {}): void {
    let signs = said;
    const peer = {
      name,
      get signs() {
        return signs;
      },
      longestMessageBytes: sent,
      ask() {
        facts.asked += 1;
        if (answers) signs += 1;
        return isReading;
      },
      breakOff() {
        ended.push(name);
        peers.delete(peer);
        held.delete(peer);
      },
    };
    peers.add(peer);
    held.set(peer, bytes);
  }
  function pass(ms: number): void {
    for (const until = facts.nowMs + ms; facts.nowMs < until; facts.nowMs += 250) pressure.look();
  }
  return { facts, ended, add, pass };
}

describe('the memory of messages', () => {
  it('within its bound asks nobody', () => {
    const { facts, ended, add, pass } = world();
    for (let nth = 0; nth < 20; nth += 1) add(`${nth}`, 5 * mebibyte, { answers: false });
    pass(60_000);
    expect([facts.asked, ended]).toEqual([0, []]);
  });

  it('over it breaks off those who do not answer, as many as it takes, and none of the others', () => {
    const { ended, add, pass } = world();
    for (let nth = 0; nth < 50; nth += 1) add(`idle ${nth}`, 0);
    add('slow reader', 0, { answers: false, isReading: false });
    for (let nth = 0; nth < 30; nth += 1) add(`partial ${nth}`, 5 * mebibyte, { answers: false });
    pass(1_500);
    expect(ended).toEqual([]);
    pass(2_000);
    expect(ended).toEqual(Array.from({ length: 10 }, (_, nth) => `partial ${nth}`));
    pass(60_000);
    expect(ended).toHaveLength(10);
  });

  it('goes on with those who come while others are asked', () => {
    const { facts, ended, add, pass } = world();
    for (let nth = 0; nth < 200; nth += 1) {
      add(`partial ${nth}`, 5 * mebibyte, { answers: false });
      pass(250);
    }
    pass(30_000);
    expect(ended.length).toBeGreaterThanOrEqual(180);
    expect(facts.asked).toBeGreaterThan(100);
  });

  it('at twice the bound does not wait as long', () => {
    const { ended, add, pass } = world();
    for (let nth = 0; nth < 60; nth += 1) add(`partial ${nth}`, 5 * mebibyte, { answers: false });
    pass(1_000);
    expect(ended.length).toBeGreaterThanOrEqual(40);
  });

  it('is taken from those who have said the least, if some answer late', () => {
    const { ended, add, pass } = world();
    add('late talker', 0, { answers: false, said: 500 });
    for (let nth = 0; nth < 30; nth += 1) add(`partial ${nth}`, 5 * mebibyte, { answers: false, said: 1 });
    pass(3_500);
    expect(ended).toEqual(Array.from({ length: 10 }, (_, nth) => `partial ${nth}`));
  });

  it('waits the less for an answer the more is held', () => {
    for (const [peers, waitMs] of [
      [25, 2_000],
      [35, 500],
      [45, 250],
    ] as const) {
      const { ended, add, pass } = world();
      for (let nth = 0; nth < peers; nth += 1) add(`partial ${nth}`, 5 * mebibyte, { answers: false });
      // The first look asks, the next ones come a quarter of a second apart.
      pass(waitMs);
      expect([peers, ended.length]).toEqual([peers, 0]);
      pass(250);
      expect([peers, ended.length]).toEqual([peers, peers - 20]);
    }
  });

  it('goes on though each holds less than a whole frame', () => {
    const { facts, ended, add, pass } = world();
    for (let nth = 0; nth < 400; nth += 1) add(`partial ${nth}`, mebibyte, { answers: false });
    pass(120_000);
    expect(ended.length).toBeGreaterThanOrEqual(300);
    expect(facts.asked).toBeGreaterThan(0);
  });

  it('that all answer for is of those whose messages were the largest, and of no small ones', () => {
    const { ended, add, pass } = world();
    for (let nth = 0; nth < 40; nth += 1) add(`small ${nth}`, 20_000, { sent: 20_000 });
    for (let nth = 0; nth < 30; nth += 1) add(`large ${nth}`, 4 * mebibyte, { sent: 4 * mebibyte });
    pass(10_000);
    expect(ended.length).toBeGreaterThanOrEqual(5);
    expect(ended.length).toBeLessThan(12);
    expect(ended.every((name) => name.startsWith('large'))).toBe(true);
  });

  it('that is nobody’s is borne, and what comes on top of it is seen again', () => {
    const { facts, ended, add, pass } = world();
    facts.otherBytes = 300 * mebibyte;
    for (let nth = 0; nth < 50; nth += 1) add(`idle ${nth}`, 0);
    pass(60_000);
    expect(ended).toEqual([]);
    for (let nth = 0; nth < 30; nth += 1) add(`partial ${nth}`, 5 * mebibyte, { answers: false });
    pass(10_000);
    expect(ended.length).toBeGreaterThan(0);
    expect(ended.every((name) => name.startsWith('partial'))).toBe(true);
  });

  it('that was nobody’s goes back to the system once it is free, and raises the bound no longer', () => {
    const { facts, ended, add, pass } = world();
    facts.otherBytes = 300 * mebibyte;
    pass(10_000);
    facts.otherBytes = 0;
    facts.freeBytes = 300 * mebibyte;
    pass(15_000);
    expect(facts.freeBytes).toBe(0);
    for (let nth = 0; nth < 30; nth += 1) add(`partial ${nth}`, 5 * mebibyte, { answers: false });
    pass(10_000);
    expect(ended).toHaveLength(10);
  });
});
