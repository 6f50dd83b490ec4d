/**
 * The ceiling of the edge: bare uWebSockets.js that does the same I/O as Sluice and nothing else. It lets everybody in,
 * parses each event (JSON.parse), and publishes it from `setImmediate`, to all who asked for no resource and to those
 * of its resource; no check, no log, no other filter, no store.
 */
import { authSuccess, eventFrameHead, eventFrameTail } from '../../schemas/wire.ts';
import { limitReceiveBuffers } from '../../src/server/receive-buffer.ts';
import { loadUws, type WebSocket } from '../../src/server/uws.ts';

const { uws, needsSmallBuffer } = loadUws();
const app = uws.App();
const all = 'all';
/** How many subscribers each topic has. */
const members = new Map<string, number>();
let live = 0;
let waiting: { readonly frame: string; readonly resource: string }[] = [];

interface Peer {
  isLetIn: boolean;
  topic: string | null;
}

function flush(): void {
  const frames = waiting;
  waiting = [];
  for (const { frame, resource } of frames) {
    if (members.has(all)) app.publish(all, frame);
    if (members.has(resource)) app.publish(resource, frame);
  }
}

function open(path: string, message: (webSocket: WebSocket<Peer>, text: string) => void): void {
  app.ws<Peer>(path, {
    maxBackpressure: 0,
    maxPayloadLength: 16 * 1024 * 1024,
    idleTimeout: 0,
    upgrade: (response, request, context) => {
      const key = request.getHeader('sec-websocket-key');
      response.upgrade({ isLetIn: false, topic: null }, key, 'prefect', '', context);
    },
    message: (webSocket, bytes) => {
      const peer = webSocket.getUserData();
      if (peer.isLetIn) return message(webSocket, Buffer.from(bytes).toString());
      peer.isLetIn = true;
      webSocket.send(authSuccess);
    },
    close: (webSocket) => {
      const { topic } = webSocket.getUserData();
      if (topic === null) return;
      live -= 1;
      const left = (members.get(topic) ?? 1) - 1;
      if (left > 0) members.set(topic, left);
      else members.delete(topic);
    },
  });
}

/** What the bench sends, as far as this server looks at it. */
interface FilterMessage {
  readonly filter: { readonly resource?: { readonly id?: readonly string[] } };
}
interface Event {
  readonly resource: { readonly 'prefect.resource.id': string };
}

open('/api/events/out', (webSocket, text) => {
  const { filter } = JSON.parse(text) as FilterMessage; // the bench's own
  const topic = filter.resource?.id?.[0] ?? all;
  webSocket.getUserData().topic = topic;
  webSocket.subscribe(topic);
  members.set(topic, (members.get(topic) ?? 0) + 1);
  live += 1;
});
open('/api/events/in', (_, text) => {
  const event = JSON.parse(text) as Event; // the bench's own
  if (waiting.length === 0) setImmediate(flush);
  waiting.push({ frame: `${eventFrameHead}${text}${eventFrameTail}`, resource: event.resource['prefect.resource.id'] });
});
app.get('/api/ready', (response) => {
  response.end(JSON.stringify({ liveSubscribers: live, pending: 0, books: {} }));
});
const port = Number(process.argv[2]);
app.listen('127.0.0.1', port, (socket) => {
  // Else one socket that floods keeps the loop, and nothing is published.
  if (socket && needsSmallBuffer && process.platform === 'linux') limitReceiveBuffers(port);
  process.stdout.write(socket ? `listening on http://127.0.0.1:${port}\n` : 'no port\n');
});
