/** What a peer makes us answer and does not read is bounded (I4): here the pongs of one that only pings. */
import { connect } from 'node:net';
import { afterEach, test } from 'vitest';
import { type FakeServer, startFakeServer, until } from '../../support/fake-server.ts';

let server: FakeServer;
afterEach(() => server.running.close(0));

const handshake =
  'GET /api/events/out HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: ' +
  'Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: prefect\r\n\r\n';

/** A masked ping of 125 zeros. */
const ping = Buffer.alloc(131);
ping[0] = 0x89;
ping[1] = 0x80 | 125;

test('a peer that pings without end and reads nothing is broken off', async () => {
  server = await startFakeServer({});
  const socket = connect(server.running.port, '127.0.0.1');
  let isClosed = false;
  socket.on('close', () => {
    isClosed = true;
  });
  socket.on('error', () => undefined);
  socket.write(handshake);
  await new Promise((upgraded) => socket.once('data', upgraded));
  socket.pause();
  const many = Buffer.concat(Array.from({ length: 8000 }, () => ping));
  const flood = (): void => {
    while (!isClosed && socket.write(many));
    if (!isClosed) socket.once('drain', flood);
  };
  flood();
  await until(() => isClosed, 'the peer is broken off');
});
