/**
 * One subscriber of NATS over its WebSocket port, which costs as little as a LightSubscriber.
 */
import { connect } from 'node:net';
import { frameHeadBytes, writeFrameHead } from '../../support/frame-socket.ts';
import { FrameBytes } from './frame-bytes.ts';

/** Where all that the bench publishes goes. */
export const natsSubject = 'bench.events';
const shared = Buffer.alloc(512 * 1024);
const quietMs = 5_000;

/** What an event of so many bytes takes on its way to a subscriber. */
export function messageBytes(eventBytes: number): number {
  return `MSG ${natsSubject} 1 ${eventBytes}\r\n`.length + eventBytes + 2;
}

/** Gives its way to ask how many bytes of messages came; `whole` sees each frame that came in one piece. */
export function joinNats(
  port: number,
  whole: (bytes: Buffer, from: number, to: number) => void = () => undefined,
): Promise<() => number> {
  return new Promise((resolve, reject) => {
    let head = '';
    let isUpgraded = false;
    let isReady = false;
    const frames = new FrameBytes({
      whole,
      torn: () => undefined,
      ping: () => undefined,
      hungUp: () => undefined,
    });
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (bytes: number) => {
          if (isReady) {
            frames.take(shared, 0, bytes);
            return true;
          }
          head += shared.toString('latin1', 0, bytes);
          if (!isUpgraded && head.includes('\r\n\r\n')) {
            isUpgraded = true;
            // Not sooner: NATS hangs up on who sends before the handshake is complete.
            socket.write(subscription());
          }
          if (head.includes('PONG')) {
            isReady = true;
            resolve(() => frames.payloadBytes);
          }
          return true;
        },
      },
    });
    socket.once('error', reject).once('close', () => reject(new Error('NATS hung up')));
    socket.once('connect', () => {
      socket.write(
        `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          'Sec-WebSocket-Key: c2x1aWNlLWJlbmNobG9hZA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
      );
    });
  });
}

function subscription(): Buffer {
  const words = Buffer.from(`CONNECT {"verbose":false,"pedantic":false}\r\nSUB ${natsSubject} 1\r\nPING\r\n`);
  const frame = Buffer.alloc(frameHeadBytes(words.length) + words.length);
  words.copy(frame, writeFrameHead(frame, 0, words.length));
  frame[0] = 0x82;
  return frame;
}

/** Until so many have come, or none for a while. */
export async function untilQuiet(total: () => number, wanted: number): Promise<void> {
  let last = -1;
  let lastMs = performance.now();
  while (total() < wanted && performance.now() - lastMs < quietMs) {
    if (total() !== last) lastMs = performance.now();
    last = total();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
