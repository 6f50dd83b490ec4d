/**
 * The same requests through nginx and HAProxy, as docs/deploy has them. A proxy may make one plain request of a
 * doubtful one; then Sluice takes that. What no proxy may let through is a request that the client got no answer to:
 * that one would be smuggled.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { type ProxyKind, whyNoProxy } from '../proxy/run-proxy.ts';
import { type RunningProxy, startProxy } from '../proxy/start-proxy.ts';
import { ambiguousRequests, obeyedRequests } from './ambiguous-requests.ts';
import { storedOf } from './stored-ids.ts';
import { type AmbiguousOutcome, tryAmbiguousRequests } from './try-ambiguous.ts';

const kinds: readonly ProxyKind[] = ['nginx', 'haproxy'];

for (const kind of kinds) {
  const reason = whyNoProxy(kind);
  if (typeof reason === 'string') it.skip(reason, () => undefined);
  else describe(`requests that two servers may read in two ways, through ${kind}`, () => through(kind));
}

function through(kind: ProxyKind): void {
  let sluice: TestSluice;
  let proxy: RunningProxy;
  let outcomes: readonly AmbiguousOutcome[];
  beforeAll(async () => {
    sluice = await startSluice();
    proxy = await startProxy(kind, { sluicePort: Number(new URL(sluice.url).port) });
    const target = {
      host: 'localhost',
      port: proxy.port,
      name: 'localhost',
      path: '/api/events',
      storedOf: (ids: readonly string[]) => storedOf({ baseUrl: () => sluice.url, strict: true }, ids),
    };
    outcomes = await tryAmbiguousRequests(target, [...ambiguousRequests, ...obeyedRequests]);
  });
  afterAll(async () => {
    await proxy?.stop();
    await sluice.stop();
    removeData(sluice);
  });

  it('run no request that has no answer of its own', () => {
    const smuggled = outcomes.filter(({ answer, isOwnStored, isSmuggledStored }) => {
      const taken = answer.statuses.filter((status) => status === 204).length;
      return Number(isOwnStored) + Number(isSmuggledStored) > taken;
    });
    expect(smuggled.map(({ request, answer }) => ({ name: request.name, answer }))).toEqual([]);
  });

  it('are refused by the proxy or by Sluice, all but those that the proxy makes plain', () => {
    const taken = outcomes.filter(({ answer: { statuses } }) => statuses[0] !== undefined && statuses[0] < 400);
    expect(outcomes.length - taken.length).toBeGreaterThanOrEqual(25);
  });

  it('are refused by the proxy where Sluice could not see them', () => {
    const obeyed = outcomes.filter(({ request }) => obeyedRequests.includes(request));
    const passed = obeyed.filter(({ isOwnStored, isSmuggledStored }) => isOwnStored || isSmuggledStored);
    expect(passed.map(({ request, answer }) => ({ name: request.name, answer }))).toEqual([]);
  });
}
