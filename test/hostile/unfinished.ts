/** WebSocket messages that never end: heads that announce a length, and all of it but the last bytes. */
import { authMessage } from '../../schemas/wire.ts';
import { textFrame, upgradeHead } from '../../support/raw-socket.ts';
import type { Member } from './crowd.ts';
import type { Field } from './kind.ts';
import { openRawPeer, type RawPeer } from './raw-peer.ts';

const mebibyte = 1024 * 1024;
const piece = Buffer.alloc(mebibyte, 'x');
const upgradeMs = 20_000;

export interface Ready extends Member {
  /** Sends all but the end of a message. */
  begin(): Promise<void>;
}

/** One socket with one such message. Null where it was not let in. */
export async function sendUnfinished(field: Field, isAuthenticated: boolean): Promise<Member | null> {
  const ready = await openReady(field, isAuthenticated);
  await ready?.begin();
  return ready;
}

/** One that has said nothing yet. */
export async function openReady(field: Field, isAuthenticated: boolean): Promise<Ready | null> {
  const { by } = field;
  const path = by.chance(0.8) ? '/api/events/in' : '/api/events/out';
  const peer = await openRawPeer(field, upgradeHead(path));
  if (peer === null) {
    field.tally.add('connection refused');
    return null;
  }
  const until = field.nowMs() + upgradeMs;
  const has = async (text: string): Promise<boolean> => {
    while (!peer.head().includes(text) && peer.isOpen && field.nowMs() < until) await field.pause(10);
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
  return {
    get isOpen() {
      return peer.isOpen;
    },
    drop: () => peer.drop(),
    begin: () => send(field, peer, path.endsWith('in') ? 5 * mebibyte : mebibyte),
  };
}

/** Of the most that is taken, of less, and of what is broken off at its head. */
async function send(field: Field, { socket, isOpen }: RawPeer, most: number): Promise<void> {
  const { by } = field;
  const length = by.weighed<number>([
    [8, () => most - by.below(1_000)],
    [4, () => 1 + by.below(most)],
    [1, () => 16 * mebibyte],
  ]);
  if (!isOpen) return;
  socket.write(messageHead(length));
  let left = length - 1 - by.below(100);
  while (left > 0 && !socket.destroyed && !field.isOver()) {
    const part = piece.subarray(0, Math.min(left, piece.length));
    left -= part.length;
    if (!socket.write(part)) await drained(field, socket);
  }
  field.tally.add('unfinished');
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
