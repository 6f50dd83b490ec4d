/**
 * Gateways whose Prefect server takes nothing for long: what it needs stays everywhere, up to the budget of a replica;
 * then producers are told for whom they wait, and all goes on once it takes events again.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCluster } from '../../src/commands/cluster.ts';
import { connectNats, type Nats } from '../../src/nats/connect-nats.ts';
import { sharedKey } from '../../src/nats/shared-key.ts';
import { runBare } from '../../support/bare-sluice.ts';
import { eventLike } from '../../support/events.ts';
import { type Answer, post } from '../../support/http.ts';
import { type FaultyPrefect, startFaultyPrefect } from '../../support/peers/faulty-prefect.ts';
import { until } from '../../support/poll.ts';
import type { TestSluice } from '../../support/sluice.ts';
import { Cluster, installed, sameHead, standing, targetOf } from './cluster.ts';

const startMs = 240_000;
const testMs = 400_000;
const waitMs = 200_000;
const payload = { text: 'x'.repeat(1_000) };
const budget = {
  SLUICE_JOURNAL_BUDGET_BYTES_MAX: String(2 * 1024 * 1024),
  SLUICE_JOURNAL_SEGMENT_BYTES_MAX: String(64 * 1024),
  SLUICE_JOURNAL_KEEP_BYTES: '0',
  SLUICE_FLUSH_MS: '50',
  SLUICE_PREFECT_EVENTS_PER_S: '5000',
};

describe.skipIf(!installed.found)('gateways whose Prefect server takes nothing', () => {
  let cluster: Cluster;
  let peer: FaultyPrefect;
  let nats: Nats;
  let gateways: readonly TestSluice[] = [];
  const acknowledged: string[] = [];
  let isAway = false;

  beforeAll(async () => {
    peer = await startFaultyPrefect({ flushMs: 100, lateMs: 0 });
    peer.faultOf = () => (isAway ? 'unauthorized' : 'none');
    cluster = await Cluster.start();
    nats = await connectNats({ servers: [cluster.nats.url], name: 'test' });
    const env = { ...budget, SLUICE_PREFECT_URL: peer.url };
    gateways = await Promise.all(['one', 'two'].map((id) => cluster.gateway(id, env)));
  }, startMs);
  afterAll(async () => {
    await nats?.close();
    await cluster?.stop();
    await peer?.close();
  });

  const gateway = (nth: number): TestSluice => gateways[nth % gateways.length]!;

  async function take(nth: number): Promise<Answer> {
    const events = Array.from({ length: 40 }, () => eventLike({ event: 'order.paid', payload }));
    const answer = await post(targetOf(gateway(nth)), '/api/events', events);
    if (answer.status === 204) acknowledged.push(...events.map(({ id }) => String(id)));
    return answer;
  }

  /** What both answer then. */
  async function takeUntilFull(): Promise<readonly Answer[]> {
    let answer: Answer = { status: 204 } as Answer;
    for (let nth = 0; answer.status === 204 && nth < 400; nth += 1) answer = await take(nth);
    expect(answer.status).toBe(503);
    return await until(
      'both say for whom they wait',
      async () => {
        const answers = [await take(0), await take(1)];
        return answers.every(({ status, text }) => status === 503 && text.includes('Prefect')) ? answers : undefined;
      },
      waitMs,
    );
  }

  /** The newest seq that both keys speak of: up to where new gateways need nothing, and what Prefect has. */
  async function keys(): Promise<{ readonly base: number; readonly confirmed: number }> {
    const read = async (name: string) =>
      JSON.parse((await sharedKey(nats, { bucket: 'SLUICE_STATE', name }).read())?.text ?? '{}');
    const [base, forwarder] = await Promise.all([read('base'), read('forwarder')]); // as Sluice writes them
    return { base: base.seq ?? 0, confirmed: forwarder.state?.confirmed ?? 0 };
  }

  async function allStored(): Promise<void> {
    await until('all is there', () => peer.stored.length >= acknowledged.length || undefined, waitMs);
    const stored = new Set(peer.stored);
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    expect(peer.repeats).toEqual([]);
  }

  it(
    'keep what it needs, name it when they are full, and go on when it takes events again',
    async () => {
      for (let nth = 0; nth < 4; nth += 1) expect((await take(nth)).status).toBe(204);
      await allStored();
      isAway = true;
      const full = await takeUntilFull();
      expect(full[0]?.text).toContain('is spent on events that are to be forwarded to Prefect');
      const said = await Promise.all(gateways.map(standing));
      expect(said.map(({ status, message }) => [status, message.includes('forwarded to Prefect')])).toEqual([
        [503, true],
        [503, true],
      ]);
      expect(said.every(({ forwarder }) => (forwarder?.unconfirmedEvents ?? 0) > 100)).toBe(true);
      const held = await keys();
      expect(held.base).toBeLessThanOrEqual(held.confirmed);
      isAway = false;
      await until('events are taken again', async () => ((await take(0)).status === 204 ? true : undefined), waitMs);
      await until('by both', async () => ((await take(1)).status === 204 ? true : undefined), waitMs);
      await sameHead(...gateways);
      await allStored();
      const { ids } = await cluster.counts('order.paid');
      await until('what was taken and not acknowledged too', () => peer.stored.length === ids || undefined, waitMs);
      await until(
        'the shared log is let go',
        async () => ((await keys()).base > held.confirmed ? true : undefined),
        waitMs,
      );
    },
    testMs,
  );

  it(
    'go on without Prefect once what waits for it is given up, while they run',
    async () => {
      const given = peer.stored.length;
      isAway = true;
      await takeUntilFull();
      const skipped = await runCluster(cluster.env('one'), ['skip']);
      expect([skipped.ok, skipped.stdout]).toEqual([true, expect.stringContaining('are not forwarded to Prefect')]);
      for (const nth of [0, 1]) {
        await until('events are taken again', async () => (await take(nth)).status === 204 || undefined, waitMs);
      }
      expect(peer.stored.length).toBe(given);
      isAway = false;
      // What was taken since is forwarded: nothing was, of what stood in the way.
      await until('the newest is there', () => peer.stored.includes(acknowledged.at(-1) ?? '') || undefined, waitMs);
      expect(peer.repeats).toEqual([]);
    },
    testMs,
  );

  it(
    'refuse a gateway with other settings of forwarding, with one sentence',
    async () => {
      for (const other of [{}, { SLUICE_PREFECT_URL: 'http://127.0.0.1:1' }]) {
        const { ended, output } = runBare({ env: { ...cluster.env('third'), ...other } });
        expect(await ended).toBe(1);
        expect(output()).toContain('SLUICE_PREFECT_URL, _FILTER and _EVENTS_PER_S');
        expect(output()).toContain('Give all the same values');
      }
    },
    testMs,
  );
});
