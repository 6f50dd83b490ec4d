/**
 * I5 on the running process: a subscriber that stops reading under load costs bounded memory, delays nobody, and gets
 * everything exactly once when it reads again.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { edgeOf } from '../../support/bystanders.ts';
import { eventLike, publish } from '../../support/events.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { subscribe } from '../../support/wire-client.ts';

const events = 12_000;
const batchEvents = 200;

describe('a slow subscriber', () => {
  let sluice: TestSluice;
  const target = { baseUrl: () => sluice.url, strict: true };

  beforeAll(async () => {
    sluice = await startSluice();
  });
  afterAll(async () => {
    await sluice?.stop();
    removeData(sluice);
  });

  it('falls back to the log, harms nobody, and gets every event exactly once in the end', async () => {
    const filter = { event: { prefix: ['slow.'] } };
    const fast = await subscribe(target, filter);
    const slow = await subscribe(target, filter);
    await until('both are live', async () => ((await edgeOf(target)).liveSubscribers === 2 ? true : undefined));
    slow.pause();
    const payload = { pad: 'x'.repeat(2_000) };
    const sent: string[] = [];
    for (let at = 0; at < events; at += batchEvents) {
      const batch = Array.from({ length: batchEvents }, () => eventLike({ event: 'slow.event', payload }));
      sent.push(...batch.map(({ id }) => String(id)));
      await publish(target, batch);
    }
    await until('the fast one has all', () => fast.messages.length === events + 1 || undefined, 30_000);
    const { books } = await edgeOf(target);
    expect(books['lagged']).toBeGreaterThan(0);
    slow.resume();
    await until('the slow one has all', () => slow.messages.length > events || undefined, 60_000);
    const ids = slow.events().map(({ id }) => id);
    expect(ids.sort()).toEqual(sent.sort());
    expect(books['repeats']).toBe(0);
    slow.drop();
  });
});
