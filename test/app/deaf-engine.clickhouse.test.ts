/**
 * I1, I9: the embedded engine of a running Sluice that lives and no longer listens. Intake goes on, readiness says so,
 * the log names what is wrong, the engine is replaced, and each event is in ClickHouse once.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventLike, publish, query, untilFound } from '../../support/events.ts';
import { send } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';

let sluice: TestSluice;
const target = { baseUrl: () => sluice.url, strict: true };
const filter = { event: { name: ['deaf.event'] } };

beforeAll(async () => {
  sluice = await startSluice({ env: { SLUICE_FLUSH_MS: '200' } });
}, 150_000);
afterAll(async () => {
  await sluice?.stop();
  removeData(sluice);
});

function some(count: number) {
  return Array.from({ length: count }, () => eventLike({ event: 'deaf.event' }));
}

/** Where the engine listens, as its own configuration says. */
function engineUrl(): string {
  const config = readFileSync(join(sluice.dataDir, 'clickhouse', 'config.xml'), 'utf8');
  const [, port = ''] = /<http_port>(\d+)</.exec(config) ?? [];
  const [, path = ''] = /<url>([^<]+)</.exec(config) ?? [];
  return `http://127.0.0.1:${port}${path}`;
}

it('is replaced, named, and nothing is lost', { timeout: 240_000 }, async () => {
  await publish(target, some(50));
  await untilFound(target, filter, 50);
  const deaf = engineUrl();
  // The library's own user may. It answers, or its listener goes before.
  await fetch(deaf, { method: 'POST', body: 'SYSTEM STOP LISTEN HTTP' }).catch(() => undefined);
  await until('nothing listens there', () =>
    fetch(deaf).then(
      () => undefined,
      () => true as const,
    ),
  );
  for (let batch = 0; batch < 10; batch += 1) await publish(target, some(20));
  expect((await send(target, { path: '/api/ready' })).status).toBe(200);
  await until('it is named', () => /has not taken a connection for 10 s/.exec(sluice.output()) ?? undefined, 120_000);
  await publish(target, some(50));
  await until(
    'all can be queried',
    async () => {
      const page = await query(target, filter).catch(() => null);
      return page?.total === 300 || undefined;
    },
    120_000,
  );
  expect(engineUrl()).not.toBe(deaf);
  const ids = await send(target, {
    method: 'POST',
    path: '/api/events/export',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ filter }),
  });
  const lines = ids.text.trim().split('\n');
  expect([lines.length, new Set(lines.map((line) => JSON.parse(line).id)).size]).toEqual([300, 300]);
});
