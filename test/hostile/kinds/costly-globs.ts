/** Subscribers whose filters are dear to try, and events with the values that are dearest for them. */
import { filterMessage } from '../../../schemas/wire.ts';
import { eventLike } from '../../../support/events.ts';
import { post } from '../../../support/http.ts';
import { listMeetings, type Meeting, meetings, textMeetings } from '../../fuzz/filter-cases.ts';
import { crowd, type Member } from '../crowd.ts';
import { type Field, type HostileKind, hostileEvent } from '../kind.ts';
import { openPeer } from '../peers.ts';

const all: readonly Meeting[] = [...meetings, ...textMeetings, ...listMeetings];
const filterCharacters = 60_000;
const subscribersMax = 24;

export const costlyGlobs: HostileKind = {
  name: 'costly-globs',
  about: `up to ${subscribersMax} subscribers with globs, terms and lists up to the bounds, against values of up to 500 kB`,
  expects: ['live', 'tried'],
  async attack(field) {
    await Promise.all([
      crowd(field, { membersMax: subscribersMax, atOnce: 2, pauseMsMax: 400, lifeMsMax: 30_000 }, () =>
        subscribe(field),
      ),
      produce(field),
    ]);
  },
};

async function subscribe(field: Field): Promise<Member | null> {
  const peer = await openPeer(field, '/api/events/out', {
    onMessage: (message) => {
      if (message.startsWith('{"type":"caught_up"')) field.tally.add('live');
    },
  });
  if (peer === null) return null;
  const filter = JSON.parse(field.by.pick(all).filter(filterCharacters));
  peer.socket.send(filterMessage(filter, { backfill: false, positions: true }));
  return peer;
}

async function produce(field: Field): Promise<void> {
  const { by } = field;
  while (!field.isOver()) {
    const size = by.chance(0.3) ? 500_000 : 1 + by.below(50_000);
    const { label = 'x', search, name, related = 0 } = by.pick(all).event(size);
    const event = eventLike({
      event: name ?? hostileEvent,
      resource: { 'prefect.resource.id': 'costly', l: label },
      payload: search === undefined ? {} : { text: search },
      related: Array.from({ length: related }, (_, nth) => ({
        ...{ 'prefect.resource.id': `r${nth}`, 'prefect.resource.role': 'r', l: label.slice(0, size / 101) },
      })),
    });
    const answer = await post(field.target, '/api/events', [event]).catch(() => null);
    if (answer !== null && field.tally.answered(answer.status, answer.text)) field.tally.add('tried');
    if (name === undefined) field.sent(1, answer?.status === 204 ? 1 : 0);
    await field.pause(by.below(300));
  }
}
