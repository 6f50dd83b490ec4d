/** Live counts, event streams and exports that nobody reads, while their lists change. */
import { filterMessage } from '../../../schemas/wire.ts';
import { eventLike } from '../../../support/events.ts';
import { post } from '../../../support/http.ts';
import { word } from '../big-filters.ts';
import { crowd, type Member } from '../crowd.ts';
import { type Field, type HostileKind, hostileEvent } from '../kind.ts';
import { openPeer } from '../peers.ts';
import { openRawPeer } from '../raw-peer.ts';
import { tellAnswer } from './unread-pages.ts';

const batch = 200;
const padding = 'x'.repeat(1_000);

export const unreadStreams: HostileKind = {
  name: 'unread-streams',
  about:
    'up to 300 live counts, event streams, feeds and exports that nobody reads, beside a producer of 400 events a second',
  expects: ['asked', 'tooManyGroups'],
  async prepare(field) {
    for (let nth = 0; nth < 60; nth += 1) await produce(field);
  },
  async attack(field) {
    const producing = (async () => {
      while (!field.isOver()) {
        await produce(field);
        await field.pause(500);
      }
    })();
    await crowd(field, { membersMax: 300, atOnce: 8, pauseMsMax: 300, lifeMsMax: 60_000 }, () => open(field));
    await producing;
  },
};

/** Each resource and each value of a label is another one. */
async function produce(field: Field): Promise<void> {
  const events = Array.from({ length: batch }, () =>
    eventLike({
      event: hostileEvent,
      resource: { 'prefect.resource.id': word(field.by), kind: `k${field.by.below(5_000)}` },
      payload: { padding },
    }),
  );
  const answer = await post(field.target, '/api/events', events).catch(() => null);
  if (answer !== null) field.tally.answered(answer.status, answer.text);
  field.sent(events.length, answer?.status === 204 ? events.length : 0);
}

function open(field: Field): Promise<Member | null> {
  const { by, tally } = field;
  tally.add('asked');
  // Each asks something else, so that each has a counter of its own.
  const filter = { event: { name: [hostileEvent, word(by)] } };
  const countable = by.pick(['event', 'label:kind', 'label:kind', 'resource', 'time', 'day']);
  const query = new URLSearchParams({ filter: JSON.stringify(filter) });
  return by.weighed<() => Promise<Member | null>>([
    [3, () => () => overSocket(field, JSON.stringify({ type: 'counts', filter, countable, last: '10m' }))],
    [2, () => () => overSocket(field, filterMessage(filter, { positions: true }))],
    [3, () => () => unread(field, `GET /api/events/count-by/${countable}?${query} HTTP/1.1\r\nHost: a\r\n\r\n`)],
    [2, () => () => unread(field, `GET /api/events/out?${query}&positions=1 HTTP/1.1\r\nHost: a\r\n\r\n`)],
    [2, () => () => unread(field, exportOf(filter))],
  ])();
}

async function overSocket(field: Field, message: string): Promise<Member | null> {
  const peer = await openPeer(field, '/api/events/out');
  peer?.socket.send(message);
  // Some hear why they are refused.
  if (field.by.chance(0.8)) setTimeout(() => peer?.socket.pause(), field.by.below(2_000)).unref();
  return peer;
}

function unread(field: Field, request: string): Promise<Member | null> {
  const readRate = field.by.chance(0.8) ? 0 : field.by.below(20_000);
  return openRawPeer(field, request, { readRate, onEnd: (answer) => tellAnswer(field, answer) });
}

function exportOf(filter: object): string {
  const body = JSON.stringify({ filter });
  const head = 'POST /api/events/export HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
  return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
}
