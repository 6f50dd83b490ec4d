/**
 * The real Prefect client on two gateways behind HAProxy, by the file of deploy/gateways: it emits while one of them is
 * killed, subscribes and pages, and of all it ever emitted ClickHouse has each event once (I1).
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { installPrefect } from '../../support/peers/prefect.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { uniqueWord } from '../../support/target.ts';
import { PrefectClient } from '../interop/prefect-client.ts';
import { fill, runProxy, whyNoProxy } from '../proxy/run-proxy.ts';
import { Cluster, installed, standing } from './cluster.ts';

const install = await installPrefect(repositoryRoot());
const noProxy = whyNoProxy('haproxy');
const count = 4_000;
const killAt = [1_000, 2_500];
const waitMs = 120_000;

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** The port of an HAProxy before these. */
async function startHaproxy(ports: readonly number[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-haproxy-'));
  const port = await freePort();
  const [one, two] = ports;
  const text = fill('deploy/gateways/haproxy.cfg', [
    ['bind :4200', `bind 127.0.0.1:${port}`],
    ['gateway-1:4200', `127.0.0.1:${one}`],
    ['gateway-2:4200', `127.0.0.1:${two}`],
    ['  server three gateway-3:4200\n', ''],
    // As many as a process may have open here.
    ['maxconn 60000', 'maxconn 400'],
  ]);
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, text);
  cleanUps.push(await runProxy('haproxy', { words: ['-db', '-f', file], port, folder }));
  return port;
}

describe('the real Prefect client on two gateways behind HAProxy', () => {
  if (!install.found || noProxy !== null || !installed.found) {
    it.skip(`${install.found ? '' : install.sentence} ${noProxy ?? ''}`, () => undefined);
    return;
  }
  const { python } = install;

  it(`loses and doubles none of ${count} events while one gateway after the other is killed`, async () => {
    const cluster = await Cluster.start();
    cleanUps.push(() => cluster.stop());
    const names = ['one', 'other'];
    const gateways = await Promise.all(names.map((name) => cluster.gateway(name)));
    const ports = gateways.map(({ url }) => Number(new URL(url).port));
    const url = `http://127.0.0.1:${await startHaproxy(ports)}`;
    const prefix = uniqueWord();
    const start = (what: 'emit' | 'read' | 'page', of: string, many: number, pauseAt: number[] = []): PrefectClient => {
      const client = new PrefectClient({ python, what, url, prefix: of, count: many, pauseAt });
      cleanUps.push(() => client.kill());
      return client;
    };
    const emitter = start('emit', prefix, count, killAt);
    const emitted = emitter.finished();
    for (const [nth, name] of names.entries()) {
      const isPaused = () => emitter.lines.filter((line) => line === 'paused').length > nth || undefined;
      await until('it pauses', isPaused, waitMs);
      await gateways[nth]?.kill();
      emitter.resume();
      gateways[nth] = await cluster.gateway(name, { SLUICE_PORT: String(ports[nth]) });
    }
    const sent = await emitted;
    expect(new Set(sent.map(({ id }) => id)).size).toBe(count);
    const isIn = async (): Promise<true | undefined> => {
      const all = await Promise.all(gateways.map(standing));
      return all.every((each) => each.gateway?.waiting === 0 && each.checkpoint === each.head) || undefined;
    };
    await until('all is in ClickHouse', isIn, waitMs);
    const [found] = await cluster.clickhouse.store.rows<{ events: number; ids: number }>(
      `SELECT count() AS events, uniqExact(id) AS ids FROM shared.events
        WHERE startsWith(JSONExtractString(raw, 'event'), {prefix:String})`,
      { prefix: `${prefix}.` },
    );
    expect(found).toEqual({ events: count, ids: count });
    const few = uniqueWord();
    const reader = start('read', few, 200);
    await reader.said('ready');
    const some = await start('emit', few, 200).finished();
    expect((await reader.finished()).toSorted((one, other) => one.number - other.number)).toEqual(some);
    await until('all is in ClickHouse', isIn, waitMs);
    expect(await start('page', few, 200).finished()).toEqual(some.toReversed());
  }, 420_000);
});
