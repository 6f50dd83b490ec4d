/**
 * Packs what the writers wrote into one file: `pack.ts EVENTS FOLDER FILE`. The texts of one event lie beside each
 * other, for they are nearly equal.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { CorpusHead } from '../corpus.ts';
import type { Made } from './make-events.ts';

const [events = '', folder = '', file = ''] = process.argv.slice(2);
const made: readonly Made[] = JSON.parse(readFileSync(events, 'utf8')); // make-events.ts wrote it
const writers = readFileSync(join(folder, 'writers.tsv'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split('\t'))
  .map(([name = '', madeBy = '']) => ({ name, madeBy }));
const texts = writers.map(({ name }) => {
  const all = readFileSync(join(folder, 'texts', name), 'utf8').split('\0');
  if (all.length !== made.length) throw new Error(`${name} wrote ${all.length} of ${made.length} events`);
  return all;
});
const head: CorpusHead = { writers, kinds: made.map(({ kind }) => kind) };
const lines = made.map((_, at) => texts.map((all) => all[at]).join('\0'));
const packed = Buffer.from([JSON.stringify(head), ...lines].join('\0'));
writeFileSync(
  file,
  brotliCompressSync(packed, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: packed.length,
    },
  }),
);
