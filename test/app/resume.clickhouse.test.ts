/**
 * Resume on the running process, over WebSocket and Server-Sent Events: what was seen before the connection ended and
 * what comes after are together everything, once each, across restarts, from the log and from the store.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OutFrame, parseStreamId, type TokenFrame, type WirePosition } from '../../schemas/wire.ts';
import { eventLike, publish, untilFound } from '../../support/events.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { subscribe, type WireClient } from '../../support/wire-client.ts';

/** The log keeps next to nothing, so that old positions are the store's. */
const env = { SLUICE_JOURNAL_KEEP_BYTES: '0', SLUICE_JOURNAL_SEGMENT_BYTES_MAX: '65536', SLUICE_FLUSH_MS: '50' };
const filter = { event: { prefix: ['resume.'] } };

describe('a subscriber that resumes', () => {
  let sluice: TestSluice;
  const target = { baseUrl: () => sluice.url, strict: true };
  const ids: string[] = [];

  beforeAll(async () => {
    sluice = await startSluice({ env });
  });
  afterAll(async () => {
    await sluice?.stop();
    removeData(sluice);
  });

  /** Some of them late. */
  async function send(count: number): Promise<void> {
    const payload = { pad: 'x'.repeat(1000) };
    const events = Array.from({ length: count }, (_, at) => {
      const occurred = new Date(Date.now() - (at % 10 === 0 ? 60_000 : 0)).toISOString();
      return eventLike({ event: 'resume.event', occurred, payload });
    });
    await publish(target, events);
    ids.push(...events.map(({ id }) => String(id)));
  }

  async function restart(how: 'stop' | 'kill'): Promise<void> {
    await (how === 'stop' ? sluice.stop() : sluice.kill());
    sluice = await startSluice({ env, dataDir: sluice.dataDir });
  }

  const idsOf = (frames: readonly OutFrame[]) =>
    frames.flatMap((frame) => (frame.type === 'event' ? [frame.event.id] : []));
  const untilCaughtUp = (socket: WireClient) =>
    until('caught up', () => socket.frames().some(({ type }) => type === 'caught_up') || undefined);

  it('gets the exact rest from any position, in history or live, after a stop and after kill -9', async () => {
    await send(300);
    await untilFound(target, filter, ids.length, 1);
    const first = await subscribe(target, filter, { positions: true });
    await untilCaughtUp(first);
    await send(200);
    await until('all live', () => first.events().length === ids.length || undefined);
    const frames = first.frames();
    const { token } = tokenAt(frames);
    expect(frames.filter(({ type }) => type === 'event').map((frame) => typeof positionOf(frame))).toEqual([
      ...Array.from({ length: 300 }, () => 'string'),
      ...Array.from({ length: 200 }, () => 'number'),
    ]);
    for (const how of ['stop', 'kill'] as const) {
      await restart(how);
      await send(100);
      for (const seen of [1, 2, 150, 301, 302, 303, 400, frames.length]) {
        const before = frames.slice(0, seen);
        const resume = { token, position: positionOf(before.at(-1)!) };
        const socket = await subscribe(target, filter, { resume });
        await untilCaughtUp(socket);
        const after = socket.frames();
        expect(after.some((frame) => frame.type === 'gap')).toBe(false);
        expect([...idsOf(before), ...idsOf(after)].sort()).toEqual([...ids].sort());
        await socket.close();
      }
    }
  });

  it('is refused with an altered token, and told of a position that was never given', async () => {
    const socket = await subscribe(target, filter, { positions: true });
    await untilCaughtUp(socket);
    const { token, position } = tokenAt(socket.frames());
    const altered = await subscribe(target, filter, { resume: { token: `2${token.slice(1)}`, position } });
    expect(await altered.untilClosed()).toEqual({ code: 1008, reason: 'Invalid resume token' });
    const other = await subscribe(target, {}, { resume: { token, position } });
    expect((await other.untilClosed()).code).toBe(1008);
    const ahead = await subscribe(target, filter, { backfill: false, resume: { token, position: 2 ** 52 } });
    await untilCaughtUp(ahead);
    expect(ahead.frames().map((frame) => [frame.type, frame.type === 'gap' ? frame.reason : undefined])).toEqual([
      ['gap', 'head'],
      ['token', undefined],
      ['caught_up', undefined],
    ]);
  });

  it('gets the exact rest by Last-Event-ID', async () => {
    const url = `/api/events/out?${new URLSearchParams({ filter: JSON.stringify(filter) })}`;
    const first = await openStream(url);
    await first.until((text) => text.includes('event: caught_up'));
    await send(50);
    await first.until(() => first.events().length === ids.length);
    first.close();
    const seen = first.events();
    expect(parseStreamId(seen[0]!.lastId)?.position).toMatch(/Z\/[0-9a-f-]{36}$/);
    await restart('kill');
    await send(50);
    for (const count of [1, 100, ids.length - 60, seen.length]) {
      const before = seen.slice(0, count);
      const next = await openStream(url, before.at(-1)!.lastId);
      await next.until((text) => text.includes('event: caught_up'));
      expect([...before, ...next.events()].map(({ id }) => id).sort()).toEqual([...ids].sort());
      next.close();
    }
  });

  async function openStream(path: string, lastEventId?: string) {
    const cut = new AbortController();
    const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const response = await fetch(`${sluice.url}${path}`, { headers, signal: cut.signal });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk;
    })().catch(() => undefined);
    return {
      events: () =>
        [...text.matchAll(/^id: (.*)\ndata: (.*)\n\n/gm)]
          .filter(({ index }) => !/event: \w+\n$/.test(text.slice(Math.max(0, index - 20), index)))
          .map(([, lastId = '', data = '']) => ({ lastId, id: (JSON.parse(data) as { id: string }).id })),
      until: (fact: (text: string) => boolean) => until('the stream has come so far', () => fact(text) || undefined),
      close: () => {
        cut.abort();
        return reading;
      },
    };
  }
});

/** The first frame, which is the token's. */
function tokenAt([first]: readonly OutFrame[]): TokenFrame {
  if (first?.type !== 'token') throw new Error(`The first frame is ${JSON.stringify(first)}`);
  return first;
}

/** Of a frame that has one. */
function positionOf(frame: OutFrame): WirePosition {
  if (!('position' in frame) || frame.position === undefined) throw new Error(`${frame.type} has no position`);
  return frame.position;
}
