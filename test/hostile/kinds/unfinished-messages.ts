/**
 * Sockets that have authenticated, which nobody closes for their time, and send all but the end of a message: one after
 * the other, and a hundred in one moment.
 */
import { crowd } from '../crowd.ts';
import type { Field, HostileKind } from '../kind.ts';
import { openReady, sendUnfinished } from '../unfinished.ts';

const burstPeers = 100;

export const unfinishedMessages: HostileKind = {
  name: 'unfinished-messages',
  about: 'up to 300 sockets that have authenticated and send all but the end of a message of 1 B to 16 MB',
  expects: ['unfinished', 'broken off (1006)', 'edge_refused_total{reason="messages"}', 'bursts'],
  async attack(field) {
    const options = { membersMax: 200, atOnce: 12, pauseMsMax: 100, lifeMsMax: 90_000 };
    await Promise.all([crowd(field, options, () => sendUnfinished(field, true)), bursts(field)]);
  },
};

async function bursts(field: Field): Promise<void> {
  while (!field.isOver()) {
    const peers = await Promise.all(Array.from({ length: burstPeers }, () => openReady(field, true)));
    await Promise.all(peers.map((peer) => peer?.begin()));
    field.tally.add('bursts');
    await field.pause(field.by.below(10_000));
    for (const peer of peers) peer?.drop();
    await field.pause(field.by.below(10_000));
  }
}
