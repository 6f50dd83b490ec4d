/**
 * I1, I3, I9 on the running process: kill -9 of Sluice and of its engine at random moments under load; what was acknowledged is
 * in ClickHouse exactly once, resends add nothing, and no engine stays behind.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { engineOf } from './support/engine-process.ts';
import { eventLike, query, type Sent } from './support/events.ts';
import { post } from './support/http.ts';
import { until } from './support/poll.ts';
import { removeData, startSluice, type TestSluice } from './support/sluice.ts';

const kills = 4;

describe('kill -9', () => {
  let sluice: TestSluice;
  const target = { baseUrl: () => sluice.url, strict: true };
  const name = 'crash.event';

  afterAll(async () => {
    await sluice?.stop();
    removeData(sluice);
  });

  it('of Sluice or its engine loses nothing that was acknowledged, and repeats nothing', async () => {
    sluice = await startSluice();
    const acknowledged = new Set<unknown>();
    for (let round = 0; round < kills; round += 1) {
      const victim = round % 2 === 0 ? 'sluice' : 'engine';
      const unsure = await sendUntilKilled(victim, 30 + Math.floor(Math.random() * 400), acknowledged);
      if (victim === 'sluice') {
        await until('the engine has noticed', () => engineOf(sluice.dataDir) === null || undefined);
        sluice = await startSluice({ dataDir: sluice.dataDir });
      }
      // A producer sends again what was not acknowledged: stored or not, it must end up once.
      expect((await post(target, '/api/events', unsure)).status).toBe(204);
      for (const { id } of unsure) acknowledged.add(id);
    }
    const filter = { event: { name: [name] } };
    await until('all is stored', async () => (await total(filter)) >= acknowledged.size || undefined, 60_000);
    expect(await total(filter)).toBe(acknowledged.size);
    expect(await idsOf(filter)).toEqual(acknowledged);
  });

  /** Sends batches until the kill; gives the events whose answer never came. */
  async function sendUntilKilled(
    victim: 'sluice' | 'engine',
    afterMs: number,
    acknowledged: Set<unknown>,
  ): Promise<Sent[]> {
    let isKilled = false;
    const killing = new Promise((resolve) => setTimeout(resolve, afterMs)).then(async () => {
      if (victim === 'sluice') await sluice.kill();
      else process.kill(engineOf(sluice.dataDir)!, 'SIGKILL');
      isKilled = true;
    });
    for (;;) {
      const batch = Array.from({ length: 20 }, () => eventLike({ event: name }));
      const status = await post(target, '/api/events', batch).then(
        (answer) => answer.status,
        () => null,
      );
      if (status === 204) for (const { id } of batch) acknowledged.add(id);
      // The engine's death is none of a producer's business.
      if (victim === 'engine') expect(status).toBe(204);
      if (!isKilled && status === 204) continue;
      await killing;
      return status === 204 ? [] : batch;
    }
  }

  async function total(filter: unknown): Promise<number> {
    return query(target, filter, 0).then(
      (page) => page.total,
      () => -1,
    );
  }

  async function idsOf(filter: unknown): Promise<Set<unknown>> {
    const ids = new Set<unknown>();
    let found = 0;
    for (
      let page = await query(target, filter);
      ;
      page = (await (await fetch(page.next_page!)).json()) as typeof page
    ) {
      for (const { id } of page.events) ids.add(id);
      found += page.events.length;
      if (page.next_page === null) break;
    }
    expect(found).toBe(ids.size);
    return ids;
  }
});
