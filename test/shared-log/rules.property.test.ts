/**
 * A message that changes the rules: it holds from there on, at every replica alike, over kills and starts. A version
 * that does not know the new rules applies nothing behind it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/base/crc32.ts';
import { markRecord } from '../../src/journal/applied-marks.ts';
import { type ApplyRules, productRules, type RulesTable } from '../../src/shared-log/apply-rules.ts';
import { decodeBlock } from '../../src/shared-log/block.ts';
import { encodeControl } from '../../src/shared-log/control-block.ts';
import { firstSeq, Life, type Message } from './replica-life.ts';
import { blockOf, spooledEvent } from './rows.ts';

/** Of this test alone: by 2 any block that was not judged just now is stale, by 3 every second seq makes one so. */
const rules2: ApplyRules = { passesOver: ({ judgedAt }, { appended }) => (judgedAt === appended ? null : 'stale') };
const rules3: ApplyRules = { passesOver: ({ judgedAt }) => (judgedAt % 2 === 0 ? null : 'stale') };
const known = (numbers: readonly number[]): RulesTable =>
  new Map([...productRules, [2, rules2] as const, [3, rules3] as const].filter(([number]) => numbers.includes(number)));
const all = known([1, 2, 3]);

type Part =
  | { readonly events: Parameters<typeof blockOf>[0]; readonly behind: number }
  | { readonly rulesBefore: number; readonly rules: number };

const block = fc.record({ events: fc.array(spooledEvent(12), { maxLength: 3 }), behind: fc.nat(3) });
const change = fc.constantFrom(1, 2).map((rulesBefore) => ({ rulesBefore, rules: rulesBefore + 1 }));
const parts = fc.array(fc.oneof({ weight: 4, arbitrary: block }, { weight: 1, arbitrary: change }), {
  minLength: 1,
  maxLength: 20,
});

/** Judged against what a replica has that knows all rules. */
function messagesOf(sent: readonly Part[]): Message[] {
  const messages: Message[] = [];
  const plain = new Life(false, all);
  for (const [nth, part] of sent.entries()) {
    const judgedAt = 'behind' in part ? Math.max(firstSeq - 1, plain.replica.seq - part.behind) : 0;
    const data = 'behind' in part ? blockOf(part.events, 1 + nth * 10, judgedAt) : encodeControl(part);
    const events = 'behind' in part ? part.events : [];
    messages.push({ ms: Date.UTC(2026, 10, 30) + nth, data: () => data, events, judgedAt, isDamaged: false });
    plain.apply(messages, messages.length);
    plain.commit();
  }
  return messages;
}

function rulesAfter(sent: readonly Part[]): number {
  return sent.reduce((rules, part) => ('rulesBefore' in part && part.rulesBefore === rules ? part.rules : rules), 1);
}

const chunks = fc.array(
  fc.record({ count: fc.integer({ min: 1, max: 5 }), end: fc.constantFrom('commit', 'kill', 'stop', 'power cut') }),
  { maxLength: 12 },
);

function live(messages: readonly Message[], table: RulesTable, steps: readonly { count: number; end: string }[]): Life {
  const life = new Life(false, table);
  for (const { count, end } of steps) {
    life.apply(messages, Math.min(messages.length, life.replica.applying + count));
    if (end === 'commit') life.commit();
    else if (end === 'kill' || end === 'stop') life.restart(end, () => 0);
    else life.restart('power cut', () => 0.5);
  }
  life.apply(messages, messages.length);
  life.commit();
  return life;
}

const outcome = (life: Life) => [life.rows(), life.passedOver, life.replica.applied];

describe('a change of the rules', () => {
  it('holds from its message on, at all replicas alike', () => {
    fc.assert(
      fc.property(parts, chunks, (sent, steps) => {
        const messages = messagesOf(sent);
        const life = live(messages, all, steps);
        expect(life.replica.applied.rules ?? 1).toBe(rulesAfter(sent));
        expect(outcome(life)).toEqual(outcome(live(messages, all, [])));
        life.restart('kill', () => 0);
        expect(life.replica.applied.rules ?? 1).toBe(rulesAfter(sent));
      }),
      { numRuns: 300 },
    );
  });

  it('stops a version right before it that does not know the new ones, and the next version goes on', () => {
    fc.assert(
      fc.property(parts, fc.constantFrom(1, 2), (sent, newest) => {
        const messages = messagesOf(sent);
        const stop = sent.findIndex((_, nth) => rulesAfter(sent.slice(0, nth + 1)) > newest);
        fc.pre(stop >= 0);
        const life = new Life(false, known(newest === 1 ? [1] : [1, 2]));
        life.apply(messages, stop);
        life.commit();
        const before = outcome(life);
        expect(() => life.apply(messages, messages.length)).toThrow(
          `Message ${stop + 1} of the shared log is to be applied by rules ${newest + 1}, and this version of Sluice knows`,
        );
        life.commit();
        expect(outcome(life)).toEqual(before);
        life.learn(all);
        life.apply(messages, messages.length);
        life.commit();
        expect(outcome(life)).toEqual(outcome(live(messages, all, [])));
      }),
      { numRuns: 200 },
    );
  });

  it('is nothing that a version without any could pass over: to it, it is a block of a later version', () => {
    const data = encodeControl({ rulesBefore: 1, rules: 2 });
    expect(decodeBlock(data)).toEqual({ rulesBefore: 1, rules: 2 });
    // As long as the head of a block, whole by its checksum, and of another version than 1.
    expect([data.length, data[4], crc32(data.subarray(4)) === data.readUInt32LE(0)]).toEqual([44, 2, true]);
    data[5] = 9;
    data.writeUInt32LE(crc32(data.subarray(4)), 0);
    expect(decodeBlock(data)).toEqual({ unknown: 2 });
  });

  it('is refused by a replica whose rules this version has never known', () => {
    const messages = messagesOf([
      { rulesBefore: 1, rules: 2 },
      { events: [], behind: 0 },
    ]);
    const life = live(messages.slice(0, 1), all, []);
    life.learn(productRules);
    expect(() => life.apply(messages, 2)).toThrow('by rules 2, and this version of Sluice knows 1');
  });

  it('leaves the marks of rules 1 as they always were', () => {
    expect(markRecord(7, { stream: 3, receivedMs: 4, rules: 1 })).toEqual(markRecord(7, { stream: 3, receivedMs: 4 }));
    expect(markRecord(7, { stream: 3, receivedMs: 4 })).toHaveLength(36);
  });
});
