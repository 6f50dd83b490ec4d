/**
 * CLICKHOUSE_URL: a Sluice that is given a ClickHouse starts none of its own, makes its database there, and uses it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { engineOf } from '../../support/engine-process.ts';
import { eventLike, publish, untilFound } from '../../support/events.ts';
import { type PrefixProxy, startPrefixProxy } from '../../support/prefix-proxy.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';

describe('a Sluice with CLICKHOUSE_URL', () => {
  let clickhouse: TestStore;
  let proxy: PrefixProxy;
  let sluice: TestSluice;

  beforeAll(async () => {
    clickhouse = await startTestStore();
    const { url, pathname, username, password } = await clickhouse.endpoint();
    proxy = await startPrefixProxy(url, pathname);
    sluice = await startSluice({
      env: { CLICKHOUSE_URL: `http://${username}:${encodeURIComponent(password)}@127.0.0.1:${proxy.port}/elsewhere` },
    });
  });
  afterAll(async () => {
    await sluice?.stop();
    removeData(sluice);
    proxy?.close();
    await clickhouse?.stop();
  });

  it('stores and queries there, starts no engine, and never shows the password', async () => {
    const target = { baseUrl: () => sluice.url, strict: true };
    await publish(target, [eventLike({ event: 'remote.event' })]);
    await untilFound(target, { event: { name: ['remote.event'] } }, 1);
    const [row] = await clickhouse.store.rows<{ found: number }>('SELECT count() AS found FROM elsewhere.events', {});
    expect(row).toEqual({ found: 1 });
    expect(engineOf(sluice.dataDir)).toBeNull();
    const { password } = await clickhouse.endpoint();
    expect(sluice.output()).not.toContain(password);
    expect(await (await fetch(`${sluice.url}/api/ready?verbose=1`)).text()).not.toContain(password);
  });
});
