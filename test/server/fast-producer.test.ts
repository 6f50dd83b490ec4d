/**
 * A producer that sends faster than its events are taken, from a thread of its own: it gets its share of the loop, and
 * no more (I5).
 */
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { nearBufferBytes } from '../../src/server/near-peers.ts';
import { ask, type FakeServer, startFakeServer, until } from '../../support/fake-server.ts';
import { receiveBuffersOf } from '../../support/receive-buffers.ts';

const messageBytes = 1000;
/** Whole pieces of 250 messages. */
const floodBytes = 60 * 250 * messageBytes;
/** A read of the edge library, with room; a flood that is not bounded takes all of its bytes in one turn. */
const turnBytesMax = 2 * 1024 * 1024;

/**
 * Sends `bytes` over one socket on /in as fast as it goes, and tells when the first of them and when all were written.
 */
const flooder = `
const { connect } = require('node:net');
const { parentPort, workerData: { port, bytes, messageBytes } } = require('node:worker_threads');
const socket = connect(port, '127.0.0.1');
socket.on('error', () => {});
socket.on('close', () => parentPort.postMessage('closed'));
socket.write('GET /api/events/in HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n' +
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n');
const frame = Buffer.alloc(8 + messageBytes, 'x');
frame.set([0x81, 0x80 | 126, messageBytes >> 8, messageBytes & 255, 0, 0, 0, 0]);
const piece = Buffer.concat(Array.from({ length: 250 }, () => frame));
let left = bytes / (250 * messageBytes);
socket.once('data', () => { parentPort.postMessage('flooding'); send(); });
socket.on('data', () => {});
function send() {
  while (left > 0) { left -= 1; if (!socket.write(piece)) return socket.once('drain', send); }
  socket.write('', () => parentPort.postMessage('sent'));
}
`;

interface Flood {
  readonly told: string[];
  end(): Promise<number>;
}

function startFlood(port: number, bytes = floodBytes): Flood {
  const worker = new Worker(flooder, { eval: true, workerData: { port, bytes, messageBytes } });
  const told: string[] = [];
  worker.on('message', (word: string) => told.push(word));
  return { told, end: () => worker.terminate() };
}

/** Takes events slower than the flood comes; the most bytes that were taken in one turn of the loop. */
function watchTurns({ fakes }: FakeServer): { bytesMax: number; bytes: number; turns: number; stop(): void } {
  let ofTurn = 0;
  let isWatching = true;
  const seen = {
    bytesMax: 0,
    bytes: 0,
    /** Those in which something was taken. */
    turns: 0,
    stop: () => {
      isWatching = false;
    },
  };
  let seq = 0;
  fakes.acceptMessage = (text) => {
    const done = performance.now() + 0.02;
    while (performance.now() < done);
    if (ofTurn === 0) seen.turns += 1;
    ofTurn += text.length;
    seen.bytes += text.length;
    seen.bytesMax = Math.max(seen.bytesMax, ofTurn);
    seq += 1;
    return { kind: 'accepted', ticket: seq };
  };
  const turn = (): void => {
    ofTurn = 0;
    if (isWatching) setImmediate(turn);
  };
  turn();
  return seen;
}

describe.runIf(process.platform === 'linux')('a producer that sends faster than its events are taken', () => {
  it('leaves every turn of the loop to others, too, is not closed, and loses nothing', async () => {
    const server = await startFakeServer();
    const turns = watchTurns(server);
    const flood = startFlood(server.running.port);
    await until(() => flood.told.includes('flooding') && turns.bytes > 0, 'the flood begins');
    const answer = await ask(server.running.port, 'GET', '/api/health');
    expect(answer.status).toBe(200);
    expect(turns.bytes).toBeLessThan(floodBytes);
    await until(() => turns.bytes >= floodBytes, 'all is taken');
    expect(turns.bytesMax).toBeLessThan(turnBytesMax);
    expect(flood.told).not.toContain('closed');
    await flood.end();
    turns.stop();
    await server.running.close(0);
  });

  it('takes little of each turn once it is known to be near, and others are connected', async () => {
    const server = await startFakeServer();
    const turns = watchTurns(server);
    const other = connect(server.running.port, '127.0.0.1');
    const flood = startFlood(server.running.port, 20 * floodBytes);
    await until(() => receiveBuffersOf(server.running.port).includes(nearBufferBytes), 'it is known to be near');
    const before = { bytes: turns.bytes, turns: turns.turns };
    await until(() => turns.turns >= before.turns + 50, 'fifty turns');
    // What one read brings; the first ones bring what waited already.
    expect((turns.bytes - before.bytes) / (turns.turns - before.turns)).toBeLessThan(2.5 * nearBufferBytes);
    expect(turns.bytes).toBeLessThan(20 * floodBytes);
    other.destroy();
    await flood.end();
    turns.stop();
    await server.running.close(0);
  });

  it('has no more of the loop than three others that are as fast', async () => {
    const server = await startFakeServer();
    const turns = watchTurns(server);
    const floods = Array.from({ length: 4 }, () => startFlood(server.running.port));
    await until(() => floods.some(({ told }) => told.includes('sent')), 'the first is through');
    // All have sent at least half of theirs when the first has sent all of its own: what they sent in sum.
    expect(turns.bytes).toBeGreaterThan(2 * floodBytes);
    expect(turns.bytesMax).toBeLessThan(4 * turnBytesMax);
    await Promise.all(floods.map((flood) => flood.end()));
    turns.stop();
    await server.running.close(0);
  });
});
