/**
 * A forced label: what is stored is what would be, had the sender written the label there; limits count with it, and
 * who wrote something else is counted. By all ways in, from any form of an event.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventBytesMax, labelsMax } from '../../schemas/event.ts';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { MemoryLog } from '../../support/memory-log.ts';

function start() {
  const journal = new MemoryLog();
  const window = new IdWindow({ idsMax: 1000, checkpoint: () => 0, forgotten: new ForgottenIds() });
  const parked = new ParkedEvents({ eventsMax: 10, bytesMax: 1_000_000 });
  const counters = createCounters();
  const clocks = { now: () => Date.parse('2026-11-22T10:00:00Z'), elapsedMs: () => 0, gate: () => null };
  const parts = { journal, window, parked, live: new LiveBus(0), log: createLog('silent'), counters };
  return { intake: createIntake({ ...parts, ...clocks }), journal, counters };
}

type Pair = readonly [key: string, value: string];

/** As a sender may write it: by escapes, too, with white space. */
function jsonOf(text: string, isEscaped: boolean): string {
  if (!isEscaped) return JSON.stringify(text);
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at).toString(16).padStart(4, '0'));
  return `"${units.map((unit) => `\\u${unit}`).join('')}"`;
}

function objectOf(pairs: readonly Pair[], isEscaped: boolean): string {
  return `{ ${pairs.map(([key, value]) => `${jsonOf(key, isEscaped)} : ${jsonOf(value, isEscaped)}`).join(' ,\n')} }`;
}

const idText = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

interface Sent {
  readonly name: string;
  readonly labels: readonly Pair[];
  readonly related: readonly Pair[];
  readonly payload: unknown;
  readonly isEscaped: boolean;
}

function eventOf({ name, labels, related, payload, isEscaped }: Sent, number: number): string {
  const id: Pair = ['prefect.resource.id', 'r'];
  const others = [id, ['prefect.resource.role', 'part'] as const, ...related];
  return `{"payload": ${JSON.stringify(payload)}, "resource": ${objectOf([id, ...labels], isEscaped)},
    "related": [${objectOf(others, isEscaped)}], "event": ${jsonOf(name, isEscaped)},
    "occurred": "2026-11-22T09:00:00+00:00", "id": "${idText(number).toUpperCase()}"}`;
}

/** With the label in its place, or last. */
function written(labels: readonly Pair[], [key, value]: Pair): Pair[] {
  const isThere = labels.some(([own]) => own === key);
  return isThere ? labels.map((pair) => (pair[0] === key ? [key, value] : pair)) : [...labels, [key, value]];
}

/** What could be taken for the structure of an event, and what is none. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }).filter((each) => each.isWellFormed()),
  fc.constantFrom(
    'tenant',
    'a',
    '',
    ':',
    ',',
    '"',
    '\\',
    '},"related":[',
    ',"resource":',
    '","tenant":"x',
    '1',
    '0',
    'é',
  ),
);
const key = text.filter((each) => each !== '' && each !== 'prefect.resource.id');
const uniqueLabels = fc.uniqueArray(fc.tuple(key, text), { selector: ([each]) => each, maxLength: 5 });
const sentArbitrary: fc.Arbitrary<Sent> = fc.record({
  name: text,
  labels: uniqueLabels,
  related: uniqueLabels.map((pairs) => pairs.filter(([each]) => each !== 'prefect.resource.role')),
  payload: fc.dictionary(text, fc.jsonValue()),
  isEscaped: fc.boolean(),
});
const labelArbitrary = fc.tuple(
  key,
  text.filter((each) => each !== ''),
);

const columns = ({ journal }: ReturnType<typeof start>) =>
  journal.rows.map(({ id, occurred, head, search, raw }) => ({ id, occurred, head, search, raw }));

describe('a forced label', () => {
  it('law: is stored as if the sender had written it there, by every way in, and a differing value is counted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sentArbitrary, { minLength: 1, maxLength: 4 }), labelArbitrary, async (sent, pair) => {
        const label = { key: pair[0], value: pair[1] };
        const texts = sent.map((each, number) => eventOf(each, number));
        const wanted = sent.map((each, number) => eventOf({ ...each, labels: written(each.labels, pair) }, number));
        const model = start();
        model.intake.acceptBatch(Buffer.from(`[${wanted.join(',')}]`), true);
        const [byMessage, byBody, bySlices] = [start(), start(), start()];
        for (const each of texts) byMessage.intake.acceptMessage(Buffer.from(each), false, label);
        const body = Buffer.from(`[${texts.join(',')}]`);
        byBody.intake.acceptBatch(body, true, null, label);
        await bySlices.intake.acceptInSlices(body, true, null, label);
        const differing = sent.filter(({ labels }) =>
          labels.some(([own, value]) => own === pair[0] && value !== pair[1]),
        );
        for (const each of [byMessage, byBody, bySlices]) {
          expect(columns(each)).toEqual(columns(model));
          expect(each.journal.rows).toHaveLength(sent.length);
          expect(new Set(each.journal.rows.map(({ tag }) => tag)).has(0)).toBe(false);
          expect(each.counters.labelsReplaced).toBe(differing.length);
        }
      }),
      { numRuns: 300 },
    );
  });

  const tenant = { key: 'tenant', value: 'a' };
  const many = (count: number): Pair[] => Array.from({ length: count }, (_, at) => [`label ${at}`, 'x']);
  const plain = { name: 'e', related: [], payload: {}, isEscaped: false };

  it('counts among the labels that an event may have', () => {
    const { intake } = start();
    // The resource's id is one of them.
    const full = eventOf({ ...plain, labels: many(labelsMax - 1) }, 1);
    const fits = eventOf({ ...plain, labels: many(labelsMax - 2) }, 2);
    const hasIt = eventOf({ ...plain, labels: [...many(labelsMax - 2), ['tenant', 'b']] }, 3);
    const refused = intake.acceptBatch(Buffer.from(`[${fits},${full}]`), true, null, tenant);
    const sentence = `Value error, The maximum number of labels per resource is ${labelsMax}`;
    expect(refused).toMatchObject({ ok: false, issues: [{ loc: ['body', 1, 'resource'], msg: sentence }] });
    const message = intake.acceptMessage(Buffer.from(full), false, tenant);
    expect(message).toMatchObject({ kind: 'refused', failure: 'badEvent' });
    for (const each of [fits, hasIt]) {
      expect(intake.acceptMessage(Buffer.from(each), false, tenant).kind).toBe('accepted');
    }
    expect(intake.acceptMessage(Buffer.from(eventOf({ ...plain, labels: many(labelsMax - 1) }, 4)), false).kind).toBe(
      'accepted',
    );
  });

  it('counts in the length that an event may have', () => {
    const { intake, journal } = start();
    const least = eventOf({ ...plain, payload: { text: '' }, labels: [] }, 1);
    intake.acceptMessage(Buffer.from(least), false);
    const bytes = (journal.rows[0]?.raw ?? '').indexOf(',"received"') + 1;
    const padded = (length: number, number: number): string =>
      eventOf({ ...plain, payload: { text: 'x'.repeat(length - bytes) }, labels: [] }, number);
    const ofLabel = ',"tenant":"a"'.length;
    expect(intake.acceptMessage(Buffer.from(padded(eventBytesMax, 2)), false).kind).toBe('accepted');
    expect(intake.acceptMessage(Buffer.from(padded(eventBytesMax - ofLabel, 3)), false, tenant).kind).toBe('accepted');
    const over = padded(eventBytesMax - ofLabel + 1, 4);
    expect(intake.acceptMessage(Buffer.from(over), false, tenant).kind).toBe('skipped');
    expect(intake.acceptBatch(Buffer.from(`[${over}]`), true, null, tenant).ok).toBe(false);
  });
});
