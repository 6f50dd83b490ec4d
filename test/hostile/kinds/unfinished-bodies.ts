/** Request bodies of which the last bytes never come, with their length and in chunks. */
import { postHead } from '../../../support/raw-socket.ts';
import { crowd, type Member } from '../crowd.ts';
import type { Field, HostileKind } from '../kind.ts';
import { openRawPeer } from '../raw-peer.ts';
import { drained } from '../unfinished.ts';

const mebibyte = 1024 * 1024;
const piece = Buffer.alloc(mebibyte, '[');

export const unfinishedBodies: HostileKind = {
  name: 'unfinished-bodies',
  about: 'up to 150 bodies of 1 B to 5 MiB, with a length or chunked, of which the end never comes',
  expects: ['unfinished', '503', '408'],
  attack: (field) =>
    crowd(field, { membersMax: 150, atOnce: 12, pauseMsMax: 100, lifeMsMax: 50_000 }, () => sendBody(field)),
};

async function sendBody(field: Field): Promise<Member | null> {
  const { by, tally } = field;
  const isEvents = by.chance(0.8);
  const path = isEvents ? '/api/events' : by.pick(['/api/events/filter', '/api/events/export']);
  const most = isEvents ? 5 * mebibyte : mebibyte;
  const length = by.chance(0.7) ? most - by.below(1_000) : 1 + by.below(most);
  const isChunked = by.chance(0.3);
  const peer = await openRawPeer(field, postHead(path, isChunked ? null : length));
  if (peer === null) return null;
  let left = length - 1 - by.below(100);
  while (left > 0 && peer.isOpen && peer.head() === '' && !field.isOver()) {
    const part = piece.subarray(0, Math.min(left, piece.length));
    left -= part.length;
    if (isChunked) peer.socket.write(`${part.length.toString(16)}\r\n`);
    const isTaken = peer.socket.write(part);
    if (isChunked) peer.socket.write('\r\n');
    if (!isTaken) await drained(field, peer.socket);
  }
  tally.add('unfinished');
  return peer;
}
