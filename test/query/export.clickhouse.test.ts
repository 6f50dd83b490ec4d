/**
 * Exports on a real ClickHouse: wherever one breaks off, what came and what comes next are the whole as of its
 * beginning (I7).
 */

import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wholeScope } from '../../schemas/read-scope.ts';
import { openKeys } from '../../src/base/keys.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { QuerySlots } from '../../src/clickhouse/query-slots.ts';
import { formatTimeForClickHouse } from '../../src/filter/time.ts';
import { parsePlace } from '../../src/history/position.ts';
import { readTexts } from '../../src/history/read-texts.ts';
import { type ExportParts, type ExportRequest, exportEvents } from '../../src/query/export-events.ts';
import { createPageFilters } from '../../src/query/page-filters.ts';
import { silentLog, startTestStore, type TestStore } from '../../support/engine.ts';
import { filterOf, insert, newest, type Sample, sample } from './stored-rows.ts';

let engine: TestStore;
let parts: ExportParts;
let checkpoint = 0;

beforeAll(async () => {
  engine = await startTestStore();
  parts = {
    readTexts: (...given) => readTexts(engine.store, ...given),
    slots: new QuerySlots(1),
    keys: openKeys('', 'a secret of enough characters'),
    filters: createPageFilters(engine.store, { log: silentLog, counters: createCounters() }),
    checkpoint: () => checkpoint,
    parsePlace,
  };
});
afterAll(() => engine?.stop());

async function linesOf(request: ExportRequest): Promise<{ token: string; lines: string[] }> {
  const { token, lines } = await exportEvents(parts, request, wholeScope, new AbortController().signal);
  let text = '';
  for await (const part of lines) text += Buffer.from(part).toString();
  return { token, lines: text === '' ? [] : text.trimEnd().split('\n') };
}

const named = (name: string) =>
  filterOf('2026-11-01T00:00:00Z', '2026-11-30T00:00:00Z', {
    event: { prefix: [], excludePrefix: [], name: [name], excludeName: [] },
  });

async function fill(name: string, events: number): Promise<Sample[]> {
  const samples = Array.from({ length: events }, (_, at) =>
    sample(`2026-11-16T00:00:0${at % 7}${at % 2 === 0 ? '' : '.000123'}Z`, name, `c.${at % 5}`, { region: `é${at}` }),
  );
  await insert(engine.store, samples);
  checkpoint = newest();
  return samples;
}

test('an export that goes on behind any line is the rest, whatever has arrived meanwhile', async () => {
  const samples = await fill('export.all', 700);
  const whole = await linesOf({ filter: named('export.all') });
  expect(whole.lines.toSorted()).toEqual(samples.map(({ raw }) => raw).toSorted());
  const times = whole.lines.map((line) => formatTimeForClickHouse((JSON.parse(line) as Sample).occurred));
  expect(times).toEqual(times.toSorted());
  await fill('export.all', 40);
  await fc.assert(
    fc.asyncProperty(fc.nat(699), async (at) => {
      const { occurred, id } = JSON.parse(whole.lines[at]!) as Sample;
      const rest = await linesOf({ token: whole.token, after: { occurred, id } });
      expect(rest.lines).toEqual(whole.lines.slice(at + 1));
    }),
    { numRuns: 12, examples: [[0], [255], [256], [698], [699]] },
  );
});

test('a token that is not ours, and a place that no event has, are refused', async () => {
  const { token } = await linesOf({ filter: named('export.none') });
  const after = { occurred: '2026-11-16T00:00:00Z', id: '00000000-0000-4000-8000-000000000000' };
  await expect(linesOf({ token: `${token}x`, after })).rejects.toMatchObject({ failure: 'forbidden' });
  for (const change of [{ occurred: '2026-06-31T00:00:00Z' }, { occurred: 'now' }, { id: "x' OR 1" }]) {
    await expect(linesOf({ token, after: { ...after, ...change } })).rejects.toMatchObject({ failure: 'badFilter' });
  }
});

test('an export that is left gives its place to the next, and without a place there is a refusal', async () => {
  const leaving = new AbortController();
  await exportEvents(parts, { filter: named('export.all') }, wholeScope, leaving.signal);
  await expect(linesOf({ filter: named('export.all') })).rejects.toMatchObject({ failure: 'tooManyQueries' });
  leaving.abort();
  const { lines } = await exportEvents(
    parts,
    { filter: named('export.all') },
    wholeScope,
    new AbortController().signal,
  );
  for await (const _ of lines) break;
  expect((await linesOf({ filter: named('export.all') })).lines.length).toBe(740);
});
