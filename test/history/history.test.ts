/** The pages in which a feed reads history: bounded in rows and in text (I5), and together the whole. */
import { expect, test } from 'vitest';
import { frameText, framingOf } from '../../src/feed/frames.ts';
import { defaultFilter } from '../../src/filter/validate-filter.ts';
import { createHistoryReader } from '../../src/history/history.ts';

const filter = defaultFilter({ now: new Date('2026-11-22T00:00:00Z'), openEnded: true });

const options = { retentionDays: 7, elapsedMs: () => 0 };

async function* noLines(): AsyncGenerator<string[]> {}
async function* noBlocks(): AsyncGenerator<Buffer> {}

const placeOf = (seq: number) => ({
  occurred: `2026-11-22 00:00:00.${String(seq).padStart(6, '0')}`,
  id: `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`,
});

const rowOf = (seq: number, raw: string) =>
  Buffer.from(`${seq}\t${placeOf(seq).id}\t${placeOf(seq).occurred}\t${raw}\n`);

/** A store whose answer goes on for ever, and how many of its batches were taken. */
function endless(characters: number) {
  const taken = { batches: 0 };
  async function* blocks(): AsyncGenerator<Buffer> {
    for (let seq = 1; ; seq += 1) {
      taken.batches += 1;
      yield rowOf(seq, 'x'.repeat(characters));
    }
  }
  return { taken, store: { lines: noLines, blocks } };
}

test('a page of long events ends before its rows are full, and the next begins behind it', async () => {
  const { taken, store } = endless(1000);
  const { slices, rows, bytes, next } = await createHistoryReader(store, options).byOccurred(
    [filter],
    { after: 0, checkpoint: 9 },
    null,
    { rows: 2000, bytes: 3500 },
    new AbortController().signal,
  );
  expect([rows, bytes]).toEqual([4, 4 * rowOf(1, 'x'.repeat(1000)).length]);
  expect(slices.flatMap((slice) => Array.from(slice, ({ seq }) => seq))).toEqual([1, 2, 3, 4]);
  expect(next).toEqual(placeOf(4));
  expect(taken.batches).toBe(4);
});

test('what is retained is asked once in a minute, and again after a failure', async () => {
  let asked = 0;
  let clock = 0;
  async function* lines(): AsyncGenerator<string[]> {
    asked += 1;
    if (asked === 1) throw new Error('the store is down');
    yield [asked === 2 ? '0\t0\t2026-11-15 00:02:00.000000' : '5\t17\t2026-11-15 00:03:00.000000'];
  }
  const reader = createHistoryReader({ lines, blocks: noBlocks }, { ...options, elapsedMs: () => clock });
  await expect(reader.retained()).rejects.toThrow('down');
  const nothing = { seq: null, since: '2026-11-15 00:02:00.000000' };
  expect(await Promise.all([reader.retained(), reader.retained()])).toEqual([nothing, nothing]);
  clock = 60_000;
  expect(await reader.retained()).toEqual({ seq: 17, since: '2026-11-15 00:03:00.000000' });
  expect(asked).toBe(3);
});

test('rows are the same for every way of cutting the answer into blocks, and are framed where they lie', async () => {
  const texts = ['{}', '{"payload":"é😀"}', '{"a":"\\t"}', `{"long":"${'x'.repeat(5000)}"}`];
  const lines = texts.map((text, seq) => rowOf(seq, text));
  for (let cut = 0; cut <= lines.length; cut += 1) {
    const store = {
      lines: noLines,
      async *blocks() {
        for (const part of [lines.slice(0, cut), lines.slice(cut)]) if (part.length > 0) yield Buffer.concat(part);
      },
    };
    const { slices, next } = await createHistoryReader(store, options).byOccurred(
      [filter],
      { after: 0, checkpoint: 99 },
      null,
      { rows: texts.length, bytes: 1_000_000 },
      new AbortController().signal,
    );
    expect(next).toEqual(placeOf(3));
    const read: unknown[] = [];
    for (const slice of slices) {
      for (const { seq, id, occurred, raw } of slice) {
        const text = String(raw);
        const frame = typeof raw === 'string' ? raw : framingOf('plain').stored(raw, 0);
        read.push([seq, { occurred, id }, text, Buffer.from(frame).toString()]);
      }
    }
    expect(read).toEqual(texts.map((text, seq) => [seq, placeOf(seq), text, frameText(framingOf('plain'), text, 0)]));
  }
});

test('an answer of another form is an error, never a wrong row', async () => {
  for (const line of ['1\n', 'x\ty\tz\t{}\n', '1\t2\n']) {
    const store = {
      lines: noLines,
      async *blocks() {
        yield Buffer.from(line);
      },
    };
    const read = createHistoryReader(store, options).byOccurred(
      [filter],
      { after: 0, checkpoint: 9 },
      null,
      { rows: 9, bytes: 99 },
      new AbortController().signal,
    );
    await expect(read).rejects.toThrow('another form');
  }
});
