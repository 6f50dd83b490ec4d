/** Sockets that never authenticate, and send all but the end of a message as long as any may be, or longer. */
import { crowd } from '../crowd.ts';
import type { HostileKind } from '../kind.ts';
import { sendUnfinished } from '../unfinished.ts';

export const unfinishedFirstMessages: HostileKind = {
  name: 'unfinished-first-messages',
  about: 'up to 150 sockets without authentication that send all but the end of a message of 1 B to 16 MB',
  expects: ['unfinished', 'close 1008'],
  attack: (field) =>
    crowd(field, { membersMax: 150, atOnce: 12, pauseMsMax: 100, lifeMsMax: 40_000 }, () =>
      sendUnfinished(field, false),
    ),
};
