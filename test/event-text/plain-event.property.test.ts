/**
 * The compiled reader against a slow normaliser and the general reader (I2, I12): the same verdict and the same row,
 * whatever bytes come: events in every form of JSON, whole and damaged, and anything else. `npm run forms` is the long
 * form.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainReader } from '../../src/event-text/plain-event.ts';
import { readBatch } from '../../src/event-text/read-events.ts';
import { canonicalWriter, readCorpus, textsOf } from '../../support/corpus/corpus.ts';
import { randomFrom } from '../../support/random.ts';
import { sentEvent } from './arbitrary-event.ts';
import { jsonText, readTree } from './arbitrary-json.ts';
import { damaged, eventText, writeEvent } from './event-forms.ts';
import { type Reading, readAlike, rowOf, rowOfGeneral } from './same-reading.ts';

const reader = new PlainReader();
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });

describe('the compiled reader of events', () => {
  it('law: says of an event in any form what a slow normaliser says, and writes the same row', () => {
    const seen: Record<Reading, number> = { compiled: 0, general: 0, refused: 0 };
    fc.assert(
      fc.property(seed, (from) => {
        for (let nth = 0; nth < 100; nth += 1) seen[readAlike(Buffer.from(eventText(from + nth)))] += 1;
      }),
      { numRuns: 150 },
    );
    expect(seen.compiled).toBeGreaterThan(10_000);
    expect(seen.general).toBeGreaterThan(100);
    expect(seen.refused).toBeGreaterThan(500);
  }, 120_000);

  it('law: the same of damaged events', () => {
    fc.assert(
      fc.property(seed, (from) => {
        const random = randomFrom(from);
        for (let nth = 0; nth < 100; nth += 1) readAlike(damaged(Buffer.from(eventText(from + nth)), random));
      }),
      { numRuns: 50 },
    );
  }, 120_000);

  it('law: the same of any JSON, and of events of any JSON', () => {
    fc.assert(
      fc.property(fc.oneof(sentEvent, jsonText), (text) => void readAlike(Buffer.from(text))),
      { numRuns: 1_000 },
    );
  });

  it('takes all of the corpus, and says of it what a slow normaliser says', () => {
    for (const { writer, number, text } of readCorpus().texts) {
      expect([writer, number, readAlike(text)]).toEqual([writer, number, 'compiled']);
    }
  }, 120_000);

  it('law: the same of the corpus in any other form', () => {
    const texts = textsOf(canonicalWriter);
    fc.assert(
      fc.property(fc.nat(texts.length - 1), seed, (number, from) => {
        const tree = readTree(texts[number]?.toString() ?? '');
        const random = randomFrom(from);
        const text = Buffer.from(writeEvent(tree.kind === 'object' ? tree.members : [], random));
        expect(readAlike(text)).toBe('compiled');
        readAlike(damaged(text, random));
      }),
      { numRuns: 1_000 },
    );
  }, 120_000);

  it('law: a list is taken whole or not at all, its events as they are taken alone', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.array(seed, { minLength: 1, maxLength: 6 }), fc.constantFrom('', ' ', '\n'), (seeds, blank) => {
        const texts = seeds.map((each) => eventText(each).replace('\ufeff', ''));
        const body = Buffer.from(`${blank}[${blank}${texts.join(`${blank},${blank}`)}]${blank}`);
        const alone = texts.map((text) => rowOfGeneral(Buffer.from(text)));
        const together = reader.readBatch(body)?.map(rowOf) ?? null;
        expect(together).toEqual(alone.includes(null) ? null : alone);
        expect(readBatch(body, true).ok).toBe(together !== null);
        if (together !== null) taken += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(200);
  }, 60_000);

  it('law: a damaged list is taken only if the general reader takes it', () => {
    fc.assert(
      fc.property(fc.array(seed, { minLength: 1, maxLength: 4 }), seed, (seeds, harm) => {
        const texts = seeds.map((each) => eventText(each).replace('\ufeff', ''));
        const body = damaged(Buffer.from(`[${texts.join(',')}]`), randomFrom(harm));
        expect(reader.readBatch(body) !== null).toBe(readBatch(body, true).ok);
      }),
      { numRuns: 1_000 },
    );
  }, 60_000);
});
