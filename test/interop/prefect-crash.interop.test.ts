/**
 * The real Prefect producer, unmodified, while Sluice and its engine are killed -9 under it and started again (I1): it
 * sends again by itself what no pong confirmed, and of all it ever emitted ClickHouse has each event once. It does not
 * retry an opening that a kill meets, so a relay does that for it (relay.ts). (The stock subscriber is not in it: it
 * ends with its connection.)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { FailPointName } from '../../src/base/fail-point.ts';
import { readWitness } from '../../support/crash/stored.ts';
import { killEngine, startVictim, type Victim } from '../../support/crash/victim.ts';
import { untilFound } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { installPrefect } from '../../support/peers/prefect.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { startRelay } from '../../support/relay.ts';
import { uniqueWord } from '../../support/target.ts';
import { PrefectClient } from './prefect-client.ts';

const install = await installPrefect(repositoryRoot());
const count = 12_000;
/**
 * Each Sluice gets a stretch of 1,500 events. The client waits for a pong every 700, so that each stretch is three
 * groups or more.
 */
const kills: readonly (readonly [FailPointName, hits: number])[] = [
  ['pong-due', 1],
  ['journal-written', 2],
  ['group-durable', 3],
  ['insert-announced', 1],
  ['group-live', 2],
  ['insert-sent', 1],
  ['pong-due', 2],
  ['checkpoint-written', 1],
];
const stretch = count / kills.length;
/** The last event waits for the last Sluice: only an emit makes the client send again. */
const pauseAt = [...kills.keys()].map((nth) => Math.min((nth + 1) * stretch, count - 1));
const streamMs = 180_000;
/** From the end of a stretch: its engine may still have to start, for the points of the table writer. */
const patienceMs = 20_000;

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe('the real Prefect client', () => {
  if (!install.found) {
    it.skip(install.sentence, () => undefined);
    return;
  }
  const { python } = install;

  it(`loses and doubles none of ${count} events while Sluice is killed -9 ${kills.length} times`, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sluice-prefect-crash-'));
    const port = await freePort();
    let victim: Victim | null = null;
    cleanUps.push(async () => {
      victim?.kill();
      await victim?.ended;
      killEngine(dataDir);
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    });
    const start = (env: Record<string, string> = {}): Victim => {
      victim = startVictim({ dataDir, port, env });
      return victim;
    };
    const relay = await startRelay(port, 'auth_success');
    cleanUps.push(relay.close);

    const prefix = uniqueWord();
    const url = `http://127.0.0.1:${relay.port}`;
    const emitter = new PrefectClient({ python, what: 'emit', url, prefix, count, pauseAt });
    cleanUps.push(() => emitter.kill());
    const emitted = emitter.finished();
    const pauses = () => emitter.lines.filter((line) => line === 'paused').length;
    const atPoints: string[] = [];
    for (const [nth, [point, hits]] of kills.entries()) {
      const running = start({ SLUICE_FAIL_POINT: `${point}:${hits}` });
      if (nth > 0) emitter.resume();
      let hasEnded = false;
      void running.ended.then(() => {
        hasEnded = true;
      });
      await Promise.race([
        emitted,
        until('a kill, or the end of the stretch', () => hasEnded || pauses() > nth || undefined, streamMs),
      ]);
      // On a slow machine a point may not be met: then the kill comes from outside.
      await Promise.race([running.ended, setTimeout(patienceMs)]);
      if (hasEnded) atPoints.push(point);
      else running.kill();
      expect(await running.ended, running.output()).toBe('SIGKILL');
      if (nth % 2 === 0) killEngine(dataDir);
    }
    const last = start();
    expect(await last.listening, last.output()).toBe(true);
    await until('all but one are emitted', () => pauses() === pauseAt.length || undefined, streamMs);
    emitter.resume();
    const sent = await emitted;

    expect(atPoints.length, `only at ${atPoints.join(', ')}`).toBeGreaterThanOrEqual(kills.length / 2);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(count);
    const target = { baseUrl: () => `http://127.0.0.1:${port}`, strict: true };
    // A quick client is done before the last engine has started: until then a query is 503.
    const answers = async () => (await post(target, '/api/events/filter', { limit: 0 })).status === 200 || undefined;
    await until('ClickHouse answers', answers, 60_000);
    await untilFound(target, { event: { prefix: [`${prefix}.`] } }, count, 1);
    expect(await last.stop()).toBe(0);
    expect(await readWitness(dataDir)).toMatchObject({ count, distinctSeqs: count, distinctIds: count });
  }, 420_000);
});
