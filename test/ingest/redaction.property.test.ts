/**
 * Redaction at intake: what is stored is what would be, had the sender written `"***"` there. By all ways in, from any
 * form of an event, with a forced label and without.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { parseRedaction } from '../../src/event-text/redaction-rules.ts';
import { createRedactor } from '../../src/event-text/redactor.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { sentEvent, sentId } from '../event-text/arbitrary-event.ts';
import { readTree, writeTree } from '../event-text/arbitrary-json.ts';
import { patternsOf, type Rule, redactionRules, redactTree, writtenRule } from '../event-text/slow-redactor.ts';

function start(rules: readonly Rule[] = []) {
  const journal = new MemoryLog();
  const window = new IdWindow({ idsMax: 1000, checkpoint: () => 0, forgotten: new ForgottenIds() });
  const parked = new ParkedEvents({ eventsMax: 10, bytesMax: 1_000_000 });
  const counters = createCounters();
  const clocks = { now: () => Date.parse('2026-11-22T10:00:00Z'), elapsedMs: () => 0, gate: () => null };
  const redactor = rules.length === 0 ? null : createRedactor(parseRedaction(rules.map(writtenRule).join(',')) ?? []);
  const parts = { journal, window, parked, live: new LiveBus(0), log: createLog('silent'), counters, redactor };
  return { intake: createIntake({ ...parts, ...clocks }), journal, counters };
}

/** The same event with an id of its own, in whatever form its text has it. */
function withId(text: string, number: number): string {
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const forms = [
    (form: string) => form,
    (form: string) => form.toUpperCase(),
    (form: string) => form.replaceAll('-', ''),
  ];
  return forms.reduce((now, form) => now.replaceAll(form(sentId), form(id)), text);
}

const columns = ({ journal }: ReturnType<typeof start>) =>
  journal.rows.map(({ id, occurred, head, search, raw }) => ({ id, occurred, head, search, raw }));

it('law: is stored as if the sender had written stars there, by every way in, and each value is counted', async () => {
  let redacted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(sentEvent, { minLength: 1, maxLength: 3 }),
      redactionRules,
      fc.option(fc.constant({ key: 'x', value: 'forced' })),
      async (sent, rules, label) => {
        const texts = sent.map(withId);
        const asSent = start();
        for (const text of texts) asSent.intake.acceptMessage(Buffer.from(text), false);
        const model = start();
        let values = 0;
        for (const { raw } of asSent.journal.rows) {
          const done = redactTree(readTree(raw), rules.flatMap(patternsOf));
          values += done.values;
          model.intake.acceptMessage(Buffer.from(writeTree(done.tree)), false, label);
        }
        expect(model.journal.rows).toHaveLength(texts.length);
        const [byMessage, byBody, bySlices] = [start(rules), start(rules), start(rules)];
        for (const text of texts) byMessage.intake.acceptMessage(Buffer.from(text), false, label);
        const body = Buffer.from(`[${texts.join(',')}]`);
        byBody.intake.acceptBatch(body, true, null, label);
        await bySlices.intake.acceptInSlices(body, true, null, label);
        for (const each of [byMessage, byBody, bySlices]) {
          expect(columns(each)).toEqual(columns(model));
          expect(each.counters.redacted).toBe(values);
        }
        redacted += values;
      },
    ),
    { numRuns: 100 },
  );
  expect(redacted).toBeGreaterThan(15);
});

it('what is refused, or passed over, is told to its sender alone, and nothing of it is kept', () => {
  const { intake, journal, counters } = start([{ path: ['**', { name: 'a' }] }]);
  const event = (more: string): string =>
    `{"id":"${sentId}","occurred":"2026-11-22T10:00:00Z","event":"e",${more}"payload":{"a":"secret"}}`;
  expect(intake.acceptBatch(Buffer.from(`[${event('')}]`), true).ok).toBe(false);
  expect(intake.acceptMessage(Buffer.from(event('')), false).kind).toBe('refused');
  expect([journal.rows, counters.redacted]).toEqual([[], 0]);
  expect(intake.acceptMessage(Buffer.from(event('"resource":{"prefect.resource.id":"r"},')), false).kind).toBe(
    'accepted',
  );
  expect(counters.redacted).toBe(1);
  expect(JSON.stringify(journal.rows)).not.toContain('secret');
});
