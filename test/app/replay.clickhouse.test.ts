/**
 * A replay of the dead letter on the running process (I8, I11): what ClickHouse takes by now is stored once, however
 * often it is asked for and whoever sends the same events again meanwhile, and the books balance all the time.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeadLetterList } from '../../schemas/dead-letter-list.ts';
import type { DeadLetterReplay } from '../../schemas/dead-letter-replay.ts';
import type { ServerStatus } from '../../schemas/server-status.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { eventLike, publish, type Sent, untilFound } from '../../support/events.ts';
import { post, send } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import { type PrefixProxy, startPrefixProxy } from '../../support/prefix-proxy.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { ago, far } from '../../support/subscriber.ts';

const table = 'replayed.events';
const hour = 3_600_000;

describe('a replay of the dead letter while Sluice runs', () => {
  let clickhouse: TestStore;
  let proxy: PrefixProxy;
  let sluice: TestSluice;
  const target = { baseUrl: () => sluice.url, strict: true };

  async function start(dataDir?: string): Promise<TestSluice> {
    const { username, password } = await clickhouse.endpoint();
    return startSluice({
      ...(dataDir !== undefined && { dataDir }),
      env: {
        CLICKHOUSE_URL: `http://${username}:${encodeURIComponent(password)}@127.0.0.1:${proxy.port}/replayed`,
        SLUICE_FLUSH_MS: '50',
        SLUICE_ID_WINDOW_IDS_MAX: '1000',
        SLUICE_BACKFILL_MAX_MS: String(48 * hour),
      },
    });
  }

  beforeAll(async () => {
    clickhouse = await startTestStore();
    const { url, pathname } = await clickhouse.endpoint();
    proxy = await startPrefixProxy(url, pathname);
    sluice = await start();
  });
  afterAll(async () => {
    await sluice?.stop();
    if (sluice !== undefined) removeData(sluice);
    proxy?.close();
    await clickhouse?.stop();
  });

  const change = (sql: string) => clickhouse.store.command(`ALTER TABLE ${table} ${sql}`);
  const refuse = (word: string) => change(`ADD CONSTRAINT ${word} CHECK position(raw, '${word}') = 0`);

  /** So many events with a word in their payload, that occurred an hour ago. */
  function eventsWith(word: string, count: number): Sent[] {
    const at = Date.now() - hour;
    return Array.from({ length: count }, (_, nth) =>
      eventLike({ event: 'replay.one', occurred: new Date(at + nth).toISOString(), payload: { word } }),
    );
  }

  async function get<Answer>(path: string): Promise<Answer> {
    return JSON.parse((await send(target, { path: `/api/admin/${path}` })).text) as Answer; // the API's answer
  }

  async function begin(): Promise<DeadLetterReplay> {
    const { status, text } = await post(target, '/api/admin/dead-letter/replay', '');
    expect([status, text]).toEqual([202, expect.any(String)]);
    return JSON.parse(text) as DeadLetterReplay; // the API's answer
  }

  function ended(): Promise<DeadLetterReplay> {
    return until('the replay has ended', async () => {
      const newest = await get<DeadLetterReplay>('dead-letter/replay');
      expect(newest.tried).toBe(newest.stored + newest.kept);
      return newest.state === 'running' ? undefined : newest;
    });
  }

  async function untilBooked(): Promise<ServerStatus['epochBook']> {
    return until(
      'all are booked',
      async () => {
        const { epochBook, head, firstSeq } = await get<ServerStatus>('status');
        expect(epochBook.stored + epochBook.deadLettered + epochBook.pending).toBe(head - firstSeq + 1);
        return epochBook.pending === 0 ? epochBook : undefined;
      },
      90_000,
    );
  }

  async function stored(events: readonly Sent[]): Promise<{ rows: number; ids: number; seqs: number }> {
    const [found] = await clickhouse.store.rows<{ rows: number; ids: number; seqs: number }>(
      `SELECT count() AS rows, uniqExact(id) AS ids, uniqExact(seq) AS seqs FROM ${table}
      WHERE id IN (SELECT toUUID(arrayJoin({ids:Array(String)})))`,
      { ids: events.map(({ id }) => String(id)) },
    );
    return found ?? { rows: 0, ids: 0, seqs: 0 };
  }

  it('was never asked for at first, and finds nothing in an empty dead letter', async () => {
    expect(await get('dead-letter/replay')).toMatchObject({ state: 'none', started: null, total: 0 });
    expect(await begin()).toMatchObject({ state: 'running', total: 0 });
    expect(await ended()).toMatchObject({ state: 'done', total: 0, tried: 0, reason: '' });
  });

  it('keeps what ClickHouse refuses on with its reason, and stores the rest once, though two ask for it', async () => {
    await refuse('poison');
    await refuse('venom');
    const [poison, venom] = [eventsWith('poison', 40), eventsWith('venom', 3)];
    await publish(target, [...poison, ...venom]);
    expect(await untilBooked()).toMatchObject({ deadLettered: 43 });
    await begin();
    const refused = await ended();
    expect(refused).toMatchObject({ state: 'done', total: 43, stored: 0, kept: 43 });
    expect(refused.refusals).toHaveLength(20);
    expect(refused.refusals[0]).toMatchObject({
      id: poison[0]?.id,
      reason: expect.stringContaining('VIOLATED_CONSTRAINT'),
    });

    await change('DROP CONSTRAINT poison');
    const [one, other] = await Promise.all([begin(), begin()]);
    expect(one.started).toBe(other.started);
    // Events come in meanwhile.
    const fresh = eventsWith('harmless', 20);
    for (const event of fresh) await publish(target, [event]);
    expect(await ended()).toMatchObject({ state: 'done', total: 43, tried: 43, stored: 40, kept: 3 });
    expect(await untilBooked()).toMatchObject({ deadLettered: 3 });
    expect(await stored([...poison, ...fresh])).toEqual({ rows: 60, ids: 60, seqs: 60 });
    const { events } = await get<DeadLetterList>('dead-letter');
    expect(events.map(({ id }) => id)).toEqual(venom.map(({ id }) => id));
    await untilFound(target, { event: { name: ['replay.one'] }, occurred: { since: ago(2 * hour), until: far } }, 60);
    await begin();
    expect(await ended()).toMatchObject({ total: 3, stored: 0, kept: 3 });
    await change('DROP CONSTRAINT venom');
    await begin();
    expect(await ended()).toMatchObject({ total: 3, stored: 3, kept: 0 });
    expect(await stored([...poison, ...venom, ...fresh])).toEqual({ rows: 63, ids: 63, seqs: 63 });
  });

  it('law: an event is stored once, though its producer sends it again during the replay, long after its id has left ' +
    'the window', async () => {
    await refuse('toxin');
    const events = eventsWith('toxin', 100);
    await publish(target, events);
    await untilBooked();
    for (let nth = 0; nth < 13; nth += 1) await publish(target, eventsWith('filler', 100));
    await untilBooked();
    await sluice.stop();
    sluice = await start(sluice.dataDir);
    await change('DROP CONSTRAINT toxin');
    // The last ones are accepted anew before it begins, the others meet it.
    await publish(target, events.slice(90));
    const untilSettled = () =>
      until('no event is parked', async () => (await get<ServerStatus>('status')).parkedWaiting === 0 || undefined);
    await untilSettled();
    const sending = Array.from({ length: 9 }, (_, nth) => publish(target, events.slice(nth * 10, nth * 10 + 10)));
    await Promise.all([...sending, begin()]);
    await publish(target, events);
    const { stored: taken, kept, refusals } = await ended();
    await untilSettled();
    await untilBooked();
    expect(await stored(events)).toEqual({ rows: 100, ids: 100, seqs: 100 });
    expect(taken + kept).toBe(100);
    expect(kept).toBeGreaterThanOrEqual(10);
    for (const { reason } of refusals) expect(reason).toContain('its producer sent it again, and it is');
  }, 150_000);

  it('is refused while ClickHouse is away, with the failure by its name', async () => {
    proxy.close();
    const answer = await until('ClickHouse is missed', async () => {
      await publish(target, eventsWith('harmless', 1));
      const found = await post(target, '/api/admin/dead-letter/replay', '');
      return found.status === 503 ? found : undefined;
    });
    expect(answer.headers['retry-after']).toBe('2');
    expect(answer.text).toContain('ClickHouse does not answer');
  });
});
