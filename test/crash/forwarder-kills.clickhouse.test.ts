/**
 * A real Sluice, killed in the middle of forwarding, before and behind each of its steps and at any instant: the peer
 * has each event once in the end, and never was sent one that it had written down. The peer injects faults; the real
 * Prefect is in test/beside-prefect.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { forwarderFailPoints } from '../../src/base/fail-point.ts';
import { eventLike } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { type Fault, startFaultyPrefect } from '../../support/peers/faulty-prefect.ts';
import { until } from '../../support/poll.ts';
import { startSluice } from '../../support/sluice.ts';

const batchEvents = 5;

it('killed in the middle of forwarding, it brings each event to Prefect once', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-forward-kills-'));
  const peer = await startFaultyPrefect({ flushMs: 1_000, lateMs: 0 });
  const faults: Fault[] = [];
  peer.faultOf = () => faults.shift() ?? 'none';
  const acknowledged: string[] = [];
  const env = { SLUICE_PREFECT_URL: peer.url, SLUICE_FLUSH_MS: '50', SLUICE_PREFECT_EVENTS_PER_S: '5000' };
  let number = 0;

  /** Posts until the process is gone. Events of a post without an answer are not counted. */
  async function postUntilGone(baseUrl: string, killAtMs: number, kill: () => Promise<void>): Promise<void> {
    const endMs = performance.now() + killAtMs;
    for (;;) {
      if (performance.now() > endMs) return kill();
      // Some events for each of its steps, and not more than it forwards.
      await new Promise((resolve) => setTimeout(resolve, 20));
      number += 1;
      const events = Array.from({ length: batchEvents }, (_, nth) =>
        eventLike({ event: 'order.paid', payload: { number, nth } }),
      );
      try {
        const answer = await post({ baseUrl: () => baseUrl, strict: true }, '/api/events', events);
        if (answer.status === 204) acknowledged.push(...events.map(({ id }) => String(id)));
      } catch {
        return kill();
      }
    }
  }

  try {
    for (const point of [...forwarderFailPoints, null]) {
      // Only a doubt makes it ask.
      if (point === 'forward-asked') faults.push('unanswered');
      const order: Record<string, string> = point === null ? {} : { SLUICE_FAIL_POINT: `${point}:1` };
      const sluice = await startSluice({ dataDir, env: { ...env, ...order } });
      await postUntilGone(sluice.url, point === null ? 1_500 : 25_000, () => sluice.kill());
    }
    const last = await startSluice({ dataDir, env });
    try {
      await until(
        'all is there',
        () => {
          const stored = new Set(peer.stored);
          return acknowledged.every((id) => stored.has(id)) || undefined;
        },
        60_000,
      );
      expect(acknowledged.length).toBeGreaterThan(50);
      expect(peer.repeats).toEqual([]);
      const answer = await post({ baseUrl: () => last.url, strict: true }, '/api/events/filter', { limit: 0 });
      const { total } = JSON.parse(answer.text) as { total: number }; // the API's answer
      expect(peer.stored.length).toBe(total);
    } finally {
      await last.stop();
    }
  } finally {
    await peer.close();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}, 240_000);
