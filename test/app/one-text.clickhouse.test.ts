/**
 * I2 and I12: whatever accept takes has one text, byte for byte the same for a live subscriber, in an answer and in the
 * journal; it parses to what was sent; and ClickHouse took it. On a Sluice of its own, over HTTP and WebSocket.
 */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EventFrame, eventFrameHead, eventFrameTail, parseFrame } from '../../schemas/wire.ts';
import { createLog } from '../../src/base/log.ts';
import { openJournal } from '../../src/journal/journal.ts';
import { untilFound } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { eventsOf } from '../../support/stored-events.ts';
import { connectSigned, subscribe } from '../../support/wire-client.ts';
import { sentEvent, sentId } from '../event-text/arbitrary-event.ts';
import { testSeed } from '../seed.ts';

const events = 200;
const year = { since: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' };

/** The same event with an id of its own, in whatever form its text has it. */
function withOwnId(text: string): { readonly id: string; readonly text: string } {
  const id = randomUUID();
  const forms = [
    (form: string) => form,
    (form: string) => form.toUpperCase(),
    (form: string) => form.replaceAll('-', ''),
  ];
  return { id, text: forms.reduce((now, form) => now.replaceAll(form(sentId), form(id)), text) };
}

describe('an accepted event', () => {
  let sluice: TestSluice;
  const target = { baseUrl: () => sluice.url, strict: true };

  beforeAll(async () => {
    sluice = await startSluice({ env: { SLUICE_BACKFILL_MAX_MS: String(1000 * 60 * 60 * 24 * 366) } });
  });
  afterAll(async () => {
    await sluice?.stop();
    removeData(sluice);
  });

  it(
    'has one text in the journal, in answers and in frames, live and from history, and means ' + 'what was sent',
    async () => {
      console.log(`one text: seed ${testSeed}`);
      const sent = fc.sample(sentEvent, { numRuns: events, seed: testSeed }).map(withOwnId);
      const live = await subscribe(target, { occurred: year }, { backfill: false });
      const producer = await connectSigned(target, '/api/events/in');
      await until('the subscriber is live', async () => {
        const answer = await fetch(`${sluice.url}/api/ready?verbose=1`);
        return ((await answer.json()) as { liveSubscribers: number }).liveSubscribers === 1 || undefined;
      });

      const [posted, socketed] = [sent.slice(0, events / 2), sent.slice(events / 2)];
      expect((await post(target, '/api/events', `[${posted.map(({ text }) => text).join(', ')}]`)).status).toBe(204);
      for (const { text } of socketed) producer.send(text);
      await producer.ping();

      await untilFound(target, { occurred: year }, events, 0);
      await until('all frames came', () => live.messages.length === events + 1 || undefined);
      const texts = new Map(
        live.messages
          .slice(1)
          .map((frame) => [idOf(frame), frame.slice(eventFrameHead.length, -eventFrameTail.length)]),
      );
      for (const { id, text } of sent) {
        const { text: answer } = await post(target, '/api/events/filter', {
          filter: { occurred: year, id: { id: [id] } },
        });
        expect(answer).toBe(`{"events":[${texts.get(id)}],"total":1,"next_page":null}`);
        expect(meaning(texts.get(id)!)).toEqual(meaning(text));
      }

      const late = await subscribe(target, { occurred: year });
      await until('all of history came', () => late.messages.length === events + 1 || undefined);
      expect([...late.messages].sort()).toEqual([...live.messages].sort());

      await sluice.stop();
      const journal = openJournal({
        directory: sluice.dataDir,
        segmentBytesMax: 2 ** 26,
        budgetBytesMax: 2 ** 30,
        reserveFreeBytes: 0,
        keepBytesPastCheckpoint: 0,
        keepMsPastCheckpoint: 0,
        durability: 'process',
        checkpoint: null,
        log: createLog('silent'),
      });
      const kept = [...eventsOf(journal.read(journal.oldest, 2 ** 28, journal.head))].map(({ body, raw }) => [
        body.id,
        raw,
      ]);
      journal.close();
      expect(new Map(kept as [string, string][])).toEqual(texts);
    },
  );
});

function idOf(frame: string): string {
  return parseFrame<EventFrame>(frame).event.id;
}

/** What an event's text says of itself, apart from forms that Sluice writes in its own way (ids and times). */
function meaning(text: string): unknown {
  const { event, resource, related, payload } = JSON.parse(text) as Record<string, unknown>;
  return { event, resource, related: related ?? [], payload };
}
