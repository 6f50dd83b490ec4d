/**
 * WebSockets of the wire fuzz: a handshake, an auth message, and messages and frames behind it, right as a rule and
 * wrong now and then.
 */
import type { Secrets, WireCase } from './wire-requests.ts';
import { cut } from './wire-requests.ts';
import { type Choices, eventJson, filterJson, spoilt, value } from './wire-words.ts';

const [text, binary, close, ping, pong] = [1, 2, 8, 9, 10];

export function socketCase(by: Choices, secrets: Secrets): WireCase {
  const path = by.pick(['/events/in', '/events/out']);
  const handshake = handshakeOf(by, path);
  const messages = [authFrame(by, secrets), ...(path === '/events/in' ? producing(by) : subscribing(by))];
  const frames = messages.map((frame) => (by.chance(0.04) ? spoiltFrame(by, frame) : frame));
  const all = by.chance(0.5) ? frames.flatMap((frame) => cut(by, frame)) : [Buffer.concat(frames)];
  return { route: `WS ${path}`, pieces: [handshake, ...all], isUnfinished: true };
}

function handshakeOf(by: Choices, path: string): Buffer {
  const version = by.chance(0.95) ? '13' : by.pick(['8', '', '99']);
  const key = by.chance(0.95) ? 'dGhlIHNhbXBsZSBub25jZQ==' : by.pick(['', 'short', 'x'.repeat(500)]);
  const protocol = by.weighed<string>([
    [8, () => 'Sec-WebSocket-Protocol: prefect\r\n'],
    [1, () => ''],
    [1, () => 'Sec-WebSocket-Protocol: other, prefect\r\n'],
    [1, () => 'Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: prefect\r\n'],
  ]);
  const origin = by.chance(0.05) ? 'Origin: https://elsewhere.example\r\n' : '';
  return Buffer.from(
    `GET /api${path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: ${version}\r\nSec-WebSocket-Key: ${key}\r\n${protocol}${origin}\r\n`,
  );
}

function authFrame(by: Choices, secrets: Secrets): Buffer {
  const known = by.chance(0.5) ? secrets.get('the auth string') : by.pick([...secrets.values()]);
  const token = by.chance(0.95) ? known : value(by, 2);
  const message = {
    type: 'auth',
    token,
    ...(by.chance(0.3) && { rejects: true }),
    ...(by.chance(0.3) && { acks: true }),
  };
  return frame(by, text, by.chance(0.9) ? Buffer.from(JSON.stringify(message)) : spoilt(by, JSON.stringify(message)));
}

function producing(by: Choices): Buffer[] {
  return Array.from({ length: by.below(12) }, () =>
    by.weighed<Buffer>([
      [12, () => frame(by, text, spoilt(by, JSON.stringify(eventJson(by))))],
      [1, () => frame(by, binary, by.bytes(30))],
      [1, () => frame(by, text, Buffer.alloc(by.pick([0, 70_000]), 'x'))],
      [3, () => frame(by, by.pick([ping, pong]), by.bytes(100))],
      [1, () => closing(by)],
    ]),
  );
}

function subscribing(by: Choices): Buffer[] {
  const resume = by.pick<unknown>([undefined, undefined, { token: 'x', position: 1 }, value(by, 2)]);
  const first = {
    type: 'filter',
    filter: filterJson(by),
    positions: by.pick([true, false]),
    backfill: by.pick([true, false, 1]),
    resume,
  };
  return [
    frame(by, text, spoilt(by, JSON.stringify(by.chance(0.9) ? first : value(by, 3)))),
    ...Array.from({ length: by.below(3) }, () =>
      by.weighed<Buffer>([
        [2, () => frame(by, ping, by.bytes(20))],
        [1, () => frame(by, text, Buffer.from(JSON.stringify(value(by, 2))))],
        [1, () => closing(by)],
      ]),
    ),
  ];
}

function closing(by: Choices): Buffer {
  const code = Buffer.alloc(2);
  code.writeUInt16BE(by.pick([1000, 1001, 1005, 999, 4000, 65535]));
  return frame(by, close, by.chance(0.2) ? by.bytes(1) : Buffer.concat([code, by.bytes(20)]));
}

/** A whole frame of a client, or one in two fragments. */
function frame(by: Choices, kind: number, payload: Buffer): Buffer {
  if (by.chance(0.05) && kind <= binary && payload.length > 1) {
    const at = by.below(payload.length);
    return Buffer.concat([sealed(kind, false, payload.subarray(0, at)), sealed(0, true, payload.subarray(at))]);
  }
  return sealed(kind, true, payload);
}

/** The mask is of zeros, so the payload stands as it is. */
function sealed(kind: number, isLast: boolean, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14);
  head[0] = (isLast ? 0x80 : 0) | kind;
  head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (length >= 65_536) head.writeBigUInt64BE(BigInt(length), 2);
  else if (length >= 126) head.writeUInt16BE(length, 2);
  return Buffer.concat([head, payload]);
}

/** Another kind, bits that are kept for later, no mask, another length, half of it. */
function spoiltFrame(by: Choices, bytes: Buffer): Buffer {
  const [first = 0, second = 0] = bytes;
  const withByte = (at: number, byte: number): Buffer =>
    Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at + 1)]);
  return by.weighed<Buffer>([
    [1, () => withByte(0, (first & 0xf0) | by.below(16))],
    [1, () => withByte(0, first | by.pick([0x10, 0x20, 0x40]))],
    [1, () => withByte(1, second & 0x7f)],
    [1, () => withByte(1, 0x80 | by.below(128))],
    [1, () => bytes.subarray(0, by.below(bytes.length))],
  ]);
}
