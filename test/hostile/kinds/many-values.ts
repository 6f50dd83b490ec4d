/**
 * Filters that need over 1,000 bound values, on feeds, pages, counts and live counts: each is answered, and finds the
 * event that fits, or is refused by a name that is no outage.
 */
import { filterMessage } from '../../../schemas/wire.ts';
import { eventLike, publish } from '../../../support/events.ts';
import type { Choices } from '../../fuzz/wire-words.ts';
import { word } from '../big-filters.ts';
import { type Field, type HostileKind, hostileEvent } from '../kind.ts';
import { ask, openPeer } from '../peers.ts';

/** A feed tries a read that takes too long three times before it ends by name. */
const answerMs = 150_000;
const found = { l: 'good', 'prefect.resource.id': 'hostile.found' };
const related = [{ 'prefect.resource.id': 'r3', 'prefect.resource.role': 'role' }];
const foundId = '11111111-1111-4111-8111-111111111111';
const marker = eventLike({ event: hostileEvent, id: foundId, resource: found, related });

export const manyValues: HostileKind = {
  name: 'many-values',
  about: 'filters of 1,000 to 20,000 values each, as pairs, globs, ids, names and labels, on feed, page, count',
  expects: ['page', 'count', 'feed'],
  async prepare(field) {
    await publish(field.target, [marker]);
    field.sent(1, 1);
  },
  async attack(field) {
    await Promise.all([askOn(field), askOn(field), feedOn(field), feedOn(field)]);
  },
};

function filterOf(by: Choices): object {
  const words = (count: number, make = (text: string) => text): string[] =>
    Array.from({ length: count }, () => make(word(by)));
  const many = 1_000 + by.below(19_000);
  const parts: readonly (() => object)[] = [
    () => ({ related: { resources_in_roles: [['r3', 'role'], ...words(many).map((id) => [id, 'role'])] } }),
    () => ({ related: { id: ['r3', ...words(many)] } }),
    () => ({ resource: { labels: { l: ['good', ...words(999, (text) => `${text.slice(0, 6)}*y`)] } } }),
    () => ({ resource: { labels: { l: ['good', ...words(many)] } } }),
    () => ({ resource: { id: ['hostile.found', ...words(many)] } }),
    () => ({ resource: { id_prefix: ['hostile.', ...words(many)] } }),
    () => ({ event: { name: [hostileEvent, ...words(many)] } }),
    () => ({ event: { name: [hostileEvent], exclude_name: words(many) } }),
    () => ({ id: { id: [foundId, ...Array.from({ length: many }, () => by.id())] } }),
    () => ({ any_resource: [{ id: ['hostile.found', ...words(many)] }, { labels: { l: ['good', ...words(many)] } }] }),
  ];
  return by.pick(parts)();
}

/** Pages and counts. */
async function askOn(field: Field): Promise<void> {
  const { by, tally } = field;
  while (!field.isOver()) {
    const filter = filterOf(by);
    const isPage = by.chance(0.5);
    const path = isPage ? '/api/events/filter' : `/api/events/count-by/${by.pick(['event', 'day', 'resource'])}`;
    const answer = await ask(field, path, { filter });
    if (answer === null) continue;
    if (/does not answer\b(?! in time)/.test(answer.text)) {
      field.fault(`A filter of many values was told of an outage: ${answer.text.slice(0, 200)}`);
    }
    if (answer.status !== 200) continue;
    const body = JSON.parse(answer.text);
    if ((isPage ? body.total : body.length) < 1) field.fault(`${path} did not find what fits: ${keysOf(filter)}`);
    else tally.add(isPage ? 'page' : 'count');
    await field.pause(by.below(200));
  }
}

async function feedOn(field: Field): Promise<void> {
  const { by, tally } = field;
  while (!field.isOver()) {
    let hasCome = false;
    const peer = await openPeer(field, '/api/events/out', {
      onMessage: (message) => {
        if (message.includes(foundId) || message.includes('"counts":[{')) hasCome = true;
      },
    });
    if (peer === null) continue;
    const filter = filterOf(by);
    const isCount = by.chance(0.3);
    peer.socket.send(
      isCount
        ? JSON.stringify({ type: 'counts', filter, countable: 'event' })
        : filterMessage(
            { ...filter, occurred: { since: new Date(Date.now() - 8.64e7).toISOString() } },
            { positions: true },
          ),
    );
    const begun = field.nowMs();
    while (!hasCome && peer.ended() === null && field.nowMs() < begun + answerMs && !field.isOver()) {
      await field.pause(25);
    }
    if (hasCome) tally.add(isCount ? 'live count' : 'feed');
    else if (peer.ended() === null && !field.isOver()) {
      field.fault(
        `A ${isCount ? 'live count' : 'feed'} got nothing and was not told in ${answerMs} ms: ${keysOf(filter)}`,
      );
    }
    peer.drop();
    await field.pause(by.below(200));
  }
}

function keysOf(filter: object): string {
  return JSON.stringify(filter).slice(0, 80);
}
