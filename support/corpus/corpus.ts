/**
 * The corpus: what JSON writers of several languages wrote for the same two hundred events, as its README says. Tests
 * and benchmarks read it from here.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { repositoryRoot } from '../peers/sluice.ts';
import { randomFrom } from '../random.ts';

export interface CorpusHead {
  readonly writers: readonly { readonly name: string; readonly madeBy: string }[];
  /** Of each event, by its number. */
  readonly kinds: readonly string[];
}

export interface CorpusText {
  readonly writer: string;
  readonly kind: string;
  /** Of the event: texts of one number mean the same event. */
  readonly number: number;
  readonly text: Buffer;
}

export interface Corpus extends CorpusHead {
  /** Event by event, and of each event writer by writer. */
  readonly texts: readonly CorpusText[];
}

let read: Corpus | null = null;

/** Unpacked once: 8 MB. */
export function readCorpus(): Corpus {
  read ??= unpack(readFileSync(join(repositoryRoot(), 'support', 'corpus', 'texts.br')));
  return read;
}

/** The texts of one writer, by the number of their event. */
export function textsOf(writer: string): Buffer[] {
  return readCorpus().texts.flatMap((one) => (one.writer === writer ? [one.text] : []));
}

/** The writer whose texts are nearly canonical: the stock client of Prefect 3. */
export const canonicalWriter = 'prefect-3.9';

/**
 * The event again as plain text of as many canonical bytes: of the stock client's text, each string that has escapes or
 * anything beyond ASCII becomes letters of the same length in bytes, and a deep payload becomes one long string. So a
 * reader's cost for the corpus can be compared with its cost for plain events.
 */
export function plainTwin(text: Buffer): Buffer {
  const twin = text.toString('utf8').replace(/"((?:[^"\\]|\\.)*)"/g, (whole, inner: string) => {
    if (/^[\x20-\x7e]*$/.test(inner) && !inner.includes('\\')) return whole;
    return `"${'x'.repeat(Buffer.byteLength(inner))}"`;
  });
  return Buffer.from(isDeep(JSON.parse(twin)) ? withFlatPayload(twin) : twin, 'latin1');
}

const plainLevelsMax = 30;

function isDeep(value: unknown, level = 1): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return level > plainLevelsMax || Object.values(value).some((inner) => isDeep(inner, level + 1));
}

function withFlatPayload(twin: string): string {
  return twin.replace(/("payload":)(\{.*\})(,"id":"[^"]{36}","follows":)/, (_, before, payload: string, after) => {
    const fill = 'x'.repeat(payload.length - '{"fill":""}'.length);
    return `${before}{"fill":"${fill}"}${after}`;
  });
}

/** So many texts of any writers and events: the same for the same seed. */
export function drawTexts(seed: number, count: number): CorpusText[] {
  const { texts } = readCorpus();
  const draw = randomFrom(seed);
  return Array.from({ length: count }, () => texts[Math.floor(draw() * texts.length)]).filter(
    (one) => one !== undefined,
  );
}

function unpack(packed: Buffer): Corpus {
  const [first = '', ...all] = brotliDecompressSync(packed).toString('utf8').split('\0');
  const head: CorpusHead = JSON.parse(first); // make/pack.ts wrote it
  const texts = all.map((text, at) => {
    const number = Math.floor(at / head.writers.length);
    const writer = head.writers[at % head.writers.length]?.name ?? '';
    return { writer, kind: head.kinds[number] ?? '', number, text: Buffer.from(text) };
  });
  return { ...head, texts };
}
