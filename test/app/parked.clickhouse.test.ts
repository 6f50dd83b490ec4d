/**
 * I11 on the running process: events sent again long after their ids have left the window, future-dated ones among
 * them, with ClickHouse up, with ClickHouse hung, and with Sluice killed in the middle: none is stored or seen twice,
 * none is lost.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineOf } from '../../support/engine-process.ts';
import { eventLike, publish, query, type Sent, untilFound } from '../../support/events.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { ago, far, subscribeTo } from '../../support/subscriber.ts';

const resends = 2000;
const ahead = 200;
const hour = 3_600_000;
const env = { SLUICE_ID_WINDOW_IDS_MAX: '1000', SLUICE_FLUSH_MS: '50', SLUICE_BACKFILL_MAX_MS: String(24 * hour) };
const name = 'parked.event';
const filter = { event: { name: [name] }, occurred: { since: ago(24 * hour), until: far } };

function manyEvents(count: number, occurred: (nth: number) => number, event: string): Sent[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, nth) => {
    return eventLike({ event, occurred: new Date(now + occurred(nth)).toISOString() });
  });
}

describe('events sent again after their ids have left the window', () => {
  let sluice: TestSluice;
  const target = { baseUrl: () => sluice.url, strict: true };
  const old = [
    ...manyEvents(resends, (nth) => -2 * hour - nth * 1000, name),
    ...manyEvents(ahead, (nth) => 1 * hour + nth * 90_000, name),
  ];

  beforeAll(async () => {
    sluice = await startSluice({ env });
    await sendAll(old);
    await untilFound(target, filter, old.length, 1);
    await sendAll(manyEvents(3000, () => 0, 'parked.filler'));
    await untilFound(target, { ...filter, event: { name: ['parked.filler'] } }, 3000, 1);
    await untilSettled();
    // While inserts lag the window grows; after a start it holds the newest ids up to its bound, so none of the old
    // ones.
    await sluice.stop();
    sluice = await startSluice({ dataDir: sluice.dataDir, env });
  }, 150_000);
  afterAll(async () => {
    await sluice?.stop();
    removeData(sluice);
  });

  it('are dropped after a look into ClickHouse, and never reach a subscriber', async () => {
    const subscriber = await subscribeTo(target, 'parked.', {}, { backfill: false });
    const { parkedDeduped, parkedAppended } = (await ready()).books;
    expect(parkedDeduped).toBe(0);
    await sendAll(old);
    await untilSettled();
    expect((await ready()).books).toMatchObject({ parkedDeduped: old.length, parkedAppended });
    const late = manyEvents(20, (nth) => -3 * hour - nth, 'parked.late');
    await sendAll(late);
    await untilFound(target, { ...filter, event: { name: ['parked.late'] } }, late.length);
    await until('the late ones came', () => (subscriber.messages.length > late.length ? true : undefined));
    const seen = subscriber.events();
    expect(new Set(seen.map(({ id }) => id))).toEqual(new Set(late.map(({ id }) => id)));
    expect(seen).toHaveLength(late.length);
    expect((await query(target, filter, 0)).total).toBe(old.length);
    subscriber.close();
  }, 150_000);

  it('are acknowledged while ClickHouse hangs, survive kill -9 of Sluice, and are settled when ' +
    'it answers', async () => {
    const fresh = manyEvents(50, (nth) => -4 * hour - nth * 1000, name);
    const engine = engineOf(sluice.dataDir)!;
    process.kill(engine, 'SIGSTOP');
    await sendAll([...old, ...fresh]);
    // Sent once more while they wait: nothing is added.
    await sendAll(old.slice(0, 100));
    expect((await ready()).parkedWaiting).toBe(old.length + fresh.length);
    await sluice.kill();
    process.kill(engine, 'SIGCONT');
    await until('the engine has noticed', () => engineOf(sluice.dataDir) === null || undefined);
    sluice = await startSluice({ dataDir: sluice.dataDir, env });
    await sendAll(fresh);
    await untilSettled();
    await untilFound(target, filter, old.length + fresh.length, 1);
    const ids = await idsOf();
    expect(ids).toHaveLength(old.length + fresh.length);
    expect(new Set(ids)).toEqual(new Set([...old, ...fresh].map(({ id }) => id)));
  }, 150_000);

  it('are settled by a Sluice that was not restarted, too, once ClickHouse goes on', async () => {
    const before = (await query(target, filter, 0)).total;
    const engine = engineOf(sluice.dataDir)!;
    process.kill(engine, 'SIGSTOP');
    try {
      await sendAll(old);
      expect((await ready()).parkedWaiting).toBe(old.length);
    } finally {
      process.kill(engine, 'SIGCONT');
    }
    await untilSettled();
    expect((await query(target, filter, 0)).total).toBe(before);
  }, 150_000);

  async function sendAll(events: readonly Sent[]): Promise<void> {
    for (let at = 0; at < events.length; at += 100) await publish(target, events.slice(at, at + 100));
  }

  interface Ready {
    readonly parkedWaiting: number;
    readonly books: { readonly parked: number; readonly parkedAppended: number; readonly parkedDeduped: number };
  }

  async function ready(): Promise<Ready> {
    return (await (await fetch(`${sluice.url}/api/ready?verbose=1`)).json()) as Ready; // what the test asks for
  }

  async function untilSettled(): Promise<void> {
    await until('nothing waits', async () => ((await ready()).parkedWaiting === 0 ? true : undefined), 60_000);
  }

  async function idsOf(): Promise<string[]> {
    const ids: string[] = [];
    for (
      let page = await query(target, filter);
      ;
      page = (await (await fetch(page.next_page!)).json()) as typeof page
    ) {
      for (const { id } of page.events) ids.push(id);
      if (page.next_page === null) return ids;
    }
  }
});
