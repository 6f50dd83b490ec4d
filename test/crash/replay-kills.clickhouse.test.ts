/**
 * A real Sluice (I1), killed in the middle of a replay of its dead letter, behind each of its steps and at any instant,
 * while events come in: in the end each event is in ClickHouse once, none is lost, and the books balance.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { DeadLetterReplay } from '../../schemas/dead-letter-replay.ts';
import type { ServerStatus } from '../../schemas/server-status.ts';
import { replayFailPoints } from '../../src/base/fail-point.ts';
import { cleanUp, runBare } from '../../support/bare-sluice.ts';
import { startTestStore } from '../../support/engine.ts';
import { eventLike, publish, type Sent } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import { startPrefixProxy } from '../../support/prefix-proxy.ts';
import { startSluice, type TestSluice } from '../../support/sluice.ts';

const table = 'replay_kills.events';
const dead = 60;
/** The first is hit for each event, the second once for a run. */
const hits = { 'replay-taken': [1, 7, 33], 'replay-booked': [1] } as const;
const randomKills = 3;

const status = async (sluice: TestSluice) =>
  (await (await fetch(`${sluice.url}/api/admin/status`)).json()) as ServerStatus; // what the test asks for
const newest = async (sluice: TestSluice) =>
  (await (await fetch(`${sluice.url}/api/admin/dead-letter/replay`)).json()) as DeadLetterReplay; // the same

it('killed in the middle of a replay, it loses no event, and stores none twice', async () => {
  const clickhouse = await startTestStore();
  const { url, pathname, username, password } = await clickhouse.endpoint();
  const proxy = await startPrefixProxy(url, pathname);
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-replay-kills-'));
  const address = `http://${username}:${encodeURIComponent(password)}@127.0.0.1:${proxy.port}/replay_kills`;
  const env = { CLICKHOUSE_URL: address, SLUICE_FLUSH_MS: '50' };
  const ids = new Set<unknown>();
  let sluice = await startSluice({ dataDir, env });
  const target = { baseUrl: () => sluice.url, strict: true };

  async function send(word: string, count: number): Promise<void> {
    const events: Sent[] = Array.from({ length: count }, () => eventLike({ payload: { word } }));
    await publish(target, events);
    for (const { id } of events) ids.add(id);
  }

  async function restart(order: Readonly<Record<string, string>> = {}): Promise<void> {
    await sluice.kill();
    sluice = await startSluice({ dataDir, env: { ...env, ...order } });
  }

  /** Asks for a replay, and sends events, until the process is gone or the replay has ended. */
  async function replayUntilGone(): Promise<'gone' | 'ended'> {
    try {
      await post(target, '/api/admin/dead-letter/replay', '');
      for (;;) {
        await send('harmless', 1);
        if ((await newest(sluice)).state !== 'running') return 'ended';
      }
    } catch {
      return 'gone';
    }
  }

  async function untilBooked(): Promise<number> {
    return until(
      'all are booked',
      async () => {
        const { epochBook, head, firstSeq } = await status(sluice);
        expect(epochBook.stored + epochBook.deadLettered + epochBook.pending).toBe(head - firstSeq + 1);
        return epochBook.pending === 0 ? epochBook.deadLettered : undefined;
      },
      90_000,
    );
  }

  try {
    await clickhouse.store.command(`ALTER TABLE ${table} ADD CONSTRAINT no_poison CHECK position(raw, 'poison') = 0`);
    await send('poison', dead);
    expect(await untilBooked()).toBe(dead);
    await clickhouse.store.command(`ALTER TABLE ${table} DROP CONSTRAINT no_poison`);

    for (const point of replayFailPoints) {
      for (const hit of hits[point]) {
        await restart({ SLUICE_FAIL_POINT: `${point}:${hit}` });
        expect([point, hit, await replayUntilGone()]).toEqual([point, hit, 'gone']);
      }
    }
    for (let nth = 0; nth < randomKills; nth += 1) {
      await restart();
      const going = replayUntilGone();
      await wait(Math.random() * 200);
      await sluice.kill();
      await going;
    }

    await restart();
    expect(await replayUntilGone()).toBe('ended');
    expect(await newest(sluice)).toMatchObject({ state: 'done', kept: 0 });
    expect(await untilBooked()).toBe(0);
    const [found] = await clickhouse.store.rows<{ rows: number; ids: number; seqs: number; mine: number }>(
      `SELECT count() AS rows, uniqExact(id) AS ids, uniqExact(seq) AS seqs,
        countIf(id IN (SELECT toUUID(arrayJoin({ids:Array(String)})))) AS mine FROM ${table}`,
      { ids: [...ids] },
    );
    // Some that were sent to a killed process were taken, and never answered.
    expect(found?.mine).toBe(ids.size);
    expect([found?.ids, found?.seqs]).toEqual([found?.rows, found?.rows]);
    await sluice.stop();
    const verify = runBare({ env: { ...env, SLUICE_DATA_DIR: dataDir, SLUICE_LOG_LEVEL: 'error' }, words: ['verify'] });
    expect([await verify.ended, verify.output()]).toEqual([0, expect.stringContaining('The books balance.')]);
  } finally {
    await sluice.kill();
    await cleanUp();
    proxy.close();
    await clickhouse.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}, 240_000);
