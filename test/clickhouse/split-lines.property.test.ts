/** Lines are the same for every way of cutting the bytes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineBlocks, linesOf } from '../../src/clickhouse/split-lines.ts';

const line = fc
  .string({ unit: 'binary', maxLength: 12 })
  .map((text) => text.replace(/[\n\r\ud800-\udfff]/g, ''))
  .map((text) => `x${text}`);

async function* cut(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const places = [...new Set(cuts.map((at) => at % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    yield bytes.subarray(from, to);
    from = to;
  }
}

async function collect(lines: AsyncIterable<string[]>): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of lines) all.push(...batch);
  return all;
}

test('any cut of the bytes gives the same lines', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(500)), async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      expect(await collect(linesOf(lineBlocks(cut(bytes, cuts), true)))).toEqual(lines);
    }),
    { numRuns: 200 },
  );
});

test("any cut of an answer with a report gives the lines before it, then ClickHouse's error", async () => {
  const report =
    '\r\n__exception__\r\nsoznkhkvhqjylvvn\r\nCode: 395. DB::Exception: boo. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)\n78 soznkhkvhqjylvvn\r\n__exception__\r\n';
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(500)), async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join('') + report);
      const got: string[] = [];
      const read = async () => {
        for await (const batch of linesOf(lineBlocks(cut(bytes, cuts), true))) got.push(...batch);
      };
      await expect(read()).rejects.toMatchObject({ code: '395' });
      expect(got).toEqual(lines);
    }),
    { numRuns: 200 },
  );
});

test('an answer that ends within a line is an error', async () => {
  await expect(collect(linesOf(lineBlocks(cut(Buffer.from('a\nb'), [1]), true)))).rejects.toThrow(/within a line/);
});
