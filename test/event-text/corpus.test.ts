/**
 * The corpus is what it says: every text of it is an event that intake takes, all writers mean the same event, and the
 * plain twins are plain.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { finishRaw } from '../../src/event-text/canonical.ts';
import { PlainReader } from '../../src/event-text/plain-event.ts';
import { readMessage } from '../../src/event-text/read-events.ts';
import { canonicalWriter, drawTexts, plainTwin, readCorpus, textsOf } from '../../support/corpus/corpus.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';

function canonical(text: Buffer): string {
  const read = readMessage(text);
  if (!read.ok) throw new Error(`${read.reason}: ${text.toString('utf8', 0, 200)}`);
  return finishRaw(read.event, '2026-11-22T12:00:00Z');
}

/** What an event says, to the second: writers cut fractions in their own ways. Keys are sorted by some of them. */
function meaning(text: Buffer): unknown {
  const sent = JSON.parse(canonical(text)) as Record<string, unknown>; // an event
  return { ...sent, occurred: String(sent['occurred']).slice(0, 19) };
}

describe('the corpus', () => {
  const corpus = readCorpus();

  it('has two hundred events from each writer, and from 0.3 to 100 kB', () => {
    expect(corpus.kinds).toHaveLength(200);
    expect(corpus.texts).toHaveLength(200 * corpus.writers.length);
    const sizes = textsOf(canonicalWriter).map((text) => text.length);
    expect(Math.min(...sizes)).toBeLessThan(400);
    expect(Math.max(...sizes)).toBeGreaterThan(100_000);
    expect(sizes.filter((size) => size > 8_000).length).toBeGreaterThan(10);
  });

  it('is small in the repository', () => {
    expect(statSync(join(repositoryRoot(), 'support', 'corpus', 'texts.br')).size).toBeLessThan(280_000);
  });

  it('law: all texts of an event are taken, and mean the same', () => {
    const meanings = textsOf(canonicalWriter).map(meaning);
    for (const { number, text, writer } of corpus.texts) expect(meaning(text), writer).toEqual(meanings[number]);
  });

  it('has a plain twin of as many canonical bytes for each event', () => {
    const reader = new PlainReader();
    const twins = textsOf(canonicalWriter).map((text) => ({ text, twin: plainTwin(text) }));
    for (const { text, twin } of twins) {
      expect(Buffer.byteLength(canonical(twin))).toBe(Buffer.byteLength(canonical(text)));
    }
    expect(twins.filter(({ twin }) => reader.readMessage(twin) === null)).toEqual([]);
  });

  it('is drawn from by a seed', () => {
    const draw = (seed: number): string[] => drawTexts(seed, 50).map(({ writer, number }) => `${writer} ${number}`);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});
