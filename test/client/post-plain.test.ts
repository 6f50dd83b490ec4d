/**
 * Publishing to a server without acks: after a break it is asked what it has, and the event that it refuses is the one
 * that hears of it, wherever it stands among the others.
 */

import { createServer } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { Http } from '../../client/src/http.ts';
import { Outbox } from '../../client/src/outbox.ts';
import { PlainPoster } from '../../client/src/post-plain.ts';
import type { SentEvent } from '../../schemas/wire.ts';
import { listenHere } from '../../support/free-port.ts';

const ids = Array.from({ length: 5 }, (_, nth) => `00000000-0000-4000-8000-00000000000${nth}`);
const bad = ids[3] ?? '';
const eventOf = (id: string): SentEvent => ({
  ...{ id, occurred: '2026-11-29T00:00:00Z', event: 'e' },
  resource: { 'prefect.resource.id': 'r' },
});

it('sends what a break has lost, once, and rejects the bad event and no other', async () => {
  const stored: string[] = [];
  let posts = 0;
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await textOf(request));
    if (request.url === '/api/events/filter') {
      const events = stored.filter((id) => body.filter.id.id.includes(id)).map((id) => ({ id }));
      response.end(JSON.stringify({ events, total: events.length, next_page: null }));
      return;
    }
    posts += 1;
    const sent = (body as SentEvent[]).map(({ id = '' }) => id);
    if (posts === 1) {
      // It reads some of them, and breaks off.
      stored.push(ids[0] ?? '', ids[2] ?? '');
      response.destroy();
    } else if (sent.includes(bad)) {
      response.writeHead(422).end('{"exception_message":"bad"}');
    } else {
      stored.push(...sent);
      response.writeHead(204).end();
    }
  });
  const port = await listenHere(server);
  const outbox = new Outbox({ bytesMax: 1e9, onReject: () => undefined });
  const poster = new PlainPoster(new Http({ url: `http://127.0.0.1:${port}` }), outbox, (error) => {
    throw error;
  });
  const answers = ids.map(
    (id) =>
      new Promise<string>((resolve) =>
        outbox.add(eventOf(id), JSON.stringify(eventOf(id)), (error) => resolve(error?.name ?? 'taken')),
      ),
  );
  poster.wake();
  expect(await Promise.all(answers)).toEqual(['taken', 'taken', 'taken', 'RejectedError', 'taken']);
  expect(stored.toSorted()).toEqual(ids.filter((id) => id !== bad));
  poster.stop();
  server.close();
});
