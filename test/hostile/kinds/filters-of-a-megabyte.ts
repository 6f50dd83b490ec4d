/** Subscribers with filters of about a megabyte, of every part that takes a list; they come, stay and go. */
import { filterMessage } from '../../../schemas/wire.ts';
import { bigFilters } from '../big-filters.ts';
import { crowd, type Member } from '../crowd.ts';
import type { Field, HostileKind } from '../kind.ts';
import { openPeer } from '../peers.ts';

/** A message of a subscriber may have 1 MiB. */
const charactersMax = 1_000_000;

export const filtersOfAMegabyte: HostileKind = {
  name: 'filters-of-a-megabyte',
  about: 'up to 150 subscribers with filters of 0.1 to 1 MB: ids, names, prefixes, label values, globs, pairs',
  expects: ['tooManyFilterBytes', 'live'],
  attack: (field) =>
    crowd(field, { membersMax: 150, atOnce: 6, pauseMsMax: 100, lifeMsMax: 60_000 }, () => subscribe(field)),
};

async function subscribe(field: Field): Promise<Member | null> {
  const { by, tally } = field;
  const peer = await openPeer(field, '/api/events/out', {
    onMessage: (message) => {
      if (message.startsWith('{"type":"caught_up"')) tally.add('live');
    },
  });
  if (peer === null) return null;
  const [, part] = by.pick(bigFilters);
  const characters = by.chance(0.7) ? charactersMax : 100_000 + by.below(charactersMax - 100_000);
  peer.socket.send(filterMessage(part(by, characters), { backfill: by.chance(0.3), positions: true }));
  return peer;
}
