/** WebSocket messages that never end: heads that announce a length, and all of it but the last bytes. */
import { authMessage } from '../../schemas/wire.ts';
import { textFrame, upgradeHead } from '../../support/raw-socket.ts';
import type { Member } from './crowd.ts';
import type { Field } from './kind.ts';
import { openRawPeer } from './raw-peer.ts';

const mebibyte = 1024 * 1024;
const piece = Buffer.alloc(mebibyte, 'x');
const upgradeMs = 20_000;

/** One socket with one such message. Null where it was not let in. */
export async function sendUnfinished(field: Field, isAuthenticated: boolean): Promise<Member | null> {
  const { by } = field;
  const path = by.chance(0.8) ? '/api/events/in' : '/api/events/out';
  const peer = await openRawPeer(field, upgradeHead(path));
  if (peer === null) {
    field.tally.add('connection refused');
    return null;
  }
  const until = performance.now() + upgradeMs;
  const has = async (text: string): Promise<boolean> => {
    while (!peer.head().includes(text) && peer.isOpen && performance.now() < until) await field.pause(10);
    return peer.head().includes(text);
  };
  let isIn = await has(' 101 ');
  if (isIn && isAuthenticated) {
    peer.socket.write(textFrame(authMessage()));
    isIn = await has('auth_success');
  }
  if (!isIn) {
    if (peer.isOpen) peer.drop();
    return null;
  }
  // The most that is taken, less, and what is broken off at its head.
  const most = path.endsWith('in') ? 5 * mebibyte : mebibyte;
  const length = by.weighed<number>([
    [8, () => most - by.below(1_000)],
    [4, () => 1 + by.below(most)],
    [1, () => 16 * mebibyte],
  ]);
  peer.socket.write(messageHead(length));
  let left = length - 1 - by.below(100);
  while (left > 0 && peer.isOpen && !field.isOver()) {
    const part = piece.subarray(0, Math.min(left, piece.length));
    left -= part.length;
    if (!peer.socket.write(part)) await drained(field, peer.socket);
  }
  field.tally.add('unfinished');
  return peer;
}

/** A client's text frame, with a mask of zeros. */
function messageHead(length: number): Buffer {
  const head = Buffer.alloc(14);
  head[0] = 0x81;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

/** Until the socket takes more, or a second has passed. */
export async function drained(
  field: Field,
  socket: { readonly writableNeedDrain: boolean; readonly destroyed: boolean },
): Promise<void> {
  for (let nth = 0; nth < 50 && socket.writableNeedDrain && !socket.destroyed; nth += 1) await field.pause(20);
}
