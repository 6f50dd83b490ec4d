/**
 * I5 on the running process: a subscriber that stops reading under load costs bounded memory, delays nobody, and gets
 * everything exactly once when it reads again.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
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
    const slow = await openRaw(filter);
    slow.socket.pause();
    const payload = { pad: 'x'.repeat(2_000) };
    const sent: string[] = [];
    for (let at = 0; at < events; at += batchEvents) {
      const batch = Array.from({ length: batchEvents }, () => eventLike({ event: 'slow.event', payload }));
      sent.push(...batch.map(({ id }) => String(id)));
      await publish(target, batch);
    }
    await until('the fast one has all', () => fast.messages.length === events + 1 || undefined, 30_000);
    const state = (await (await fetch(`${sluice.url}/api/ready?verbose=1`)).json()) as {
      books: Record<string, number>;
    };
    expect(state.books['lagged']).toBeGreaterThan(0);
    slow.socket.resume();
    await until('the slow one has all', () => slow.ids.length >= events || undefined, 60_000);
    expect([...slow.ids].sort()).toEqual(sent.sort());
    expect(state.books['repeats']).toBe(0);
    slow.socket.terminate();
  });

  async function openRaw(filter: unknown): Promise<{ socket: WebSocket; ids: string[] }> {
    const socket = new WebSocket(`${sluice.url.replace('http', 'ws')}/api/events/out`, ['prefect']);
    const ids: string[] = [];
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { type: string; event?: { id: string } };
      if (message.type === 'auth_success') socket.send(JSON.stringify({ type: 'filter', filter }));
      else ids.push(message.event!.id);
    });
    socket.on('open', () => socket.send('{"type":"auth","token":null}'));
    await until('both are live', async () => {
      const state = (await (await fetch(`${sluice.url}/api/ready?verbose=1`)).json()) as { liveSubscribers: number };
      return state.liveSubscribers === 2 || undefined;
    });
    return { socket, ids };
  }
});
