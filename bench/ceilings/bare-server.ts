/**
 * The ceiling of the edge: bare uWebSockets.js that does the same I/O as Sluice and nothing else. It lets everybody in, parses
 * each event (JSON.parse), and publishes it to all subscribers from `setImmediate`; no check, no log, no filter, no store.
 */
import { createRequire } from 'node:module';
import type { Uws, WebSocket } from '../../src/server/uws.ts';

const uws = createRequire(import.meta.url)('uWebSockets.js') as Uws; // a CommonJS module
const app = uws.App();
const topic = 'all';
let live = 0;
let waiting: string[] = [];

interface Peer {
  isLetIn: boolean;
  isLive: boolean;
}

function flush(): void {
  const frames = waiting;
  waiting = [];
  if (live > 0) for (const frame of frames) app.publish(topic, frame);
}

function open(path: string, message: (webSocket: WebSocket<Peer>, text: string) => void): void {
  app.ws<Peer>(path, {
    maxBackpressure: 0,
    maxPayloadLength: 16 * 1024 * 1024,
    idleTimeout: 0,
    upgrade: (response, request, context) => {
      const key = request.getHeader('sec-websocket-key');
      response.upgrade({ isLetIn: false, isLive: false }, key, 'prefect', '', context);
    },
    message: (webSocket, bytes) => {
      const peer = webSocket.getUserData();
      if (peer.isLetIn) return message(webSocket, Buffer.from(bytes).toString());
      peer.isLetIn = true;
      webSocket.send('{"type":"auth_success"}');
    },
    close: (webSocket) => {
      if (webSocket.getUserData().isLive) live -= 1;
    },
  });
}

open('/api/events/out', (webSocket) => {
  webSocket.getUserData().isLive = true;
  webSocket.subscribe(topic);
  live += 1;
});
open('/api/events/in', (_, text) => {
  JSON.parse(text);
  if (waiting.length === 0) setImmediate(flush);
  waiting.push(`{"type":"event","event":${text}}`);
});
app.get('/api/ready', (response) => {
  response.end(JSON.stringify({ liveSubscribers: live, pending: 0, books: {} }));
});
const port = Number(process.argv[2]);
app.listen('127.0.0.1', port, (socket) => {
  process.stdout.write(socket ? `listening on http://127.0.0.1:${port}\n` : 'no port\n');
});
