/** The same by sockets that have authenticated, which nobody closes for their time. */
import { crowd } from '../crowd.ts';
import type { HostileKind } from '../kind.ts';
import { sendUnfinished } from '../unfinished.ts';

export const unfinishedMessages: HostileKind = {
  name: 'unfinished-messages',
  about: 'up to 200 sockets that have authenticated and send all but the end of a message of 1 B to 16 MB',
  expects: ['unfinished', 'broken off (1006)', 'edge_refused_total{reason="messages"}'],
  attack: (field) =>
    crowd(field, { membersMax: 200, atOnce: 12, pauseMsMax: 100, lifeMsMax: 90_000 }, () =>
      sendUnfinished(field, true),
    ),
};
