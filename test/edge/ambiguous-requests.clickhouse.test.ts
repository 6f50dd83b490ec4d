/**
 * No request that can be read in two ways is read at all: each is refused, its connection ends, and nothing behind it
 * runs.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send } from '../../support/http.ts';
import { isOlderLibrary } from '../../support/older-library.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { ambiguousRequests } from './ambiguous-requests.ts';
import { storedOf } from './stored-ids.ts';
import { type AmbiguousOutcome, ambiguityTable, tryAmbiguousRequests } from './try-ambiguous.ts';

describe.skipIf(isOlderLibrary)('requests that two servers may read in two ways', () => {
  let sluice: TestSluice;
  let outcomes: readonly AmbiguousOutcome[];
  const target = { baseUrl: () => sluice.url, strict: true };
  const counted = async (name: string): Promise<number> => {
    const { text } = await send(target, { path: '/metrics' });
    const line = text.split('\n').find((one) => one.startsWith(`sluice_${name} `));
    return Number(line?.split(' ').at(-1));
  };

  beforeAll(async () => {
    sluice = await startSluice();
    const { hostname, port } = new URL(sluice.url);
    outcomes = await tryAmbiguousRequests({
      host: hostname,
      port: Number(port),
      name: 'sluice',
      path: '/api/events',
      storedOf: (ids) => storedOf(target, ids),
    });
  });
  afterAll(async () => {
    await sluice.stop();
    removeData(sluice);
  });

  it('are at least 25, and refused one and all but those that nobody behind the parser can see', () => {
    expect(ambiguousRequests.filter(({ status }) => status !== null).length).toBeGreaterThanOrEqual(25);
    const wrong = outcomes.filter(({ request, answer }) => {
      const statuses = request.status === null ? [] : [request.status];
      return answer.statuses.join() !== statuses.join() || answer.isClosed !== request.closes;
    });
    expect(wrong.map(({ request, answer }) => ({ name: request.name, answer }))).toEqual([]);
  });

  it('run neither themselves nor what was smuggled behind them', async () => {
    const ran = outcomes.filter(({ isOwnStored, isSmuggledStored }) => isOwnStored || isSmuggledStored);
    expect(ran.map(({ request }) => request.name)).toEqual([]);
    // The one that asked whether they were stored.
    expect(await counted('events_appended_total')).toBe(1);
  });

  it('are counted where Sluice refuses them', async () => {
    const bySluice = ambiguousRequests.filter(({ refusedBy }) => refusedBy === 'Sluice');
    expect(await counted('edge_refused_total{reason="doubt"}')).toBe(bySluice.length);
    expect(await counted('faults_total')).toBe(0);
  });

  it('stand in docs/SECURITY.md with the answer that was measured', () => {
    expect(readFileSync(join(repositoryRoot(), 'docs', 'SECURITY.md'), 'utf8')).toContain(ambiguityTable());
  });
});
