/** Pages of 70 MB that nobody reads, that some read slowly, and that few read to their end. */
import { eventLike, publish, untilFound } from '../../../support/events.ts';
import { crowd, type Member } from '../crowd.ts';
import { type Field, type HostileKind, hostileEvent } from '../kind.ts';
import { openRawPeer } from '../raw-peer.ts';

const eventCharacters = 1_400_000;
const eventsOfAPage = 50;

export const unreadPages: HostileKind = {
  name: 'unread-pages',
  about: 'up to 80 pages of 50 events of 1.4 MB each, read by nobody, slowly, or whole',
  expects: ['asked', '503', 'edge_refused_total{reason="unread answer"}'],
  async prepare(field) {
    const filter = { event: { name: [hostileEvent] } };
    for (let nth = 0; nth < eventsOfAPage; nth += 1) {
      const payload = { nth, text: field.by.id().repeat(eventCharacters / 36) };
      await publish(field.target, [eventLike({ event: hostileEvent, payload })]);
    }
    await untilFound(field.target, filter, eventsOfAPage, 0);
    field.sent(eventsOfAPage, eventsOfAPage);
  },
  attack: (field) =>
    crowd(field, { membersMax: 80, atOnce: 8, pauseMsMax: 300, lifeMsMax: 90_000 }, () => askPage(field)),
};

async function askPage(field: Field): Promise<Member | null> {
  const { by, tally } = field;
  const limit = by.chance(0.7) ? eventsOfAPage : 1 + by.below(eventsOfAPage);
  const body = JSON.stringify({ filter: { event: { name: [hostileEvent] } }, limit });
  const packed = by.chance(0.1) ? 'Accept-Encoding: gzip\r\n' : '';
  const head = `POST /api/events/filter HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${packed}`;
  const readRate = by.weighed<number>([
    [8, () => 0],
    [3, () => by.below(200_000)],
    [1, () => Number.POSITIVE_INFINITY],
  ]);
  const peer = await openRawPeer(field, `${head}Content-Length: ${body.length}\r\n\r\n${body}`, {
    readRate,
    onEnd: (answer) => tellAnswer(field, answer),
  });
  tally.add('asked');
  return peer;
}

/** One that nobody reads is cut off, and its head was never read. */
export function tellAnswer({ tally }: Field, answer: string): void {
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(answer) ?? [];
  if (status === undefined || status === '200') tally.add('cut off, or read');
  else tally.answered(Number(status), answer.slice(answer.indexOf('\r\n\r\n') + 4));
}
