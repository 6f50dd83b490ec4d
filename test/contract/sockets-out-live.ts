/**
 * docs/prefect-facts.md, "Messages of a subscriber": which new events a subscriber gets while it is live.
 */
import { describe, expect } from 'vitest';
import type { SentFilter } from '../../schemas/filter.ts';
import { eventLike, publish, type Sent } from '../../support/events.ts';
import { until } from '../../support/poll.ts';
import { ago, far, namesOf, subscribeTo, untilLive } from '../../support/subscriber.ts';
import { law, type Target, uniqueWord } from '../../support/target.ts';
import { subscribe } from '../../support/wire-client.ts';

const minute = 60_000;

export function socketsOutLiveSection(target: Target): void {
  describe('/api/events/out, live', () => {
    windows(target);
    filters(target);
    others(target);
  });
}

function windows(target: Target): void {
  law(target, 'sends new events in the order of publication, whatever their time', async () => {
    const names = await livePart(target, {}, (word) =>
      [3, 1, 2].map((at) => eventLike({ event: `${word}.${at}`, occurred: ago(at * 1000) })),
    );
    expect(names).toEqual(['3', '1', '2']);
  });

  law(target, 'sends only what fits the window: not before since, not after until', async () => {
    const names = await livePart(target, { occurred: { since: ago(5 * minute), until: ago(-5 * minute) } }, (word) => [
      eventLike({ event: `${word}.early`, occurred: ago(6 * minute) }),
      eventLike({ event: `${word}.in`, occurred: ago(4 * minute) }),
      eventLike({ event: `${word}.late`, occurred: ago(-6 * minute) }),
      eventLike({ event: `${word}.ahead`, occurred: ago(-4 * minute) }),
    ]);
    expect(names).toEqual(['in', 'ahead']);
  });

  law(target, 'sends nothing older than 15 minutes, whatever since says', async () => {
    const names = await livePart(target, { occurred: { since: ago(60 * minute), until: far } }, (word) => [
      eventLike({ event: `${word}.old`, occurred: ago(16 * minute) }),
      eventLike({ event: `${word}.new` }),
    ]);
    expect(names).toEqual(['new']);
  });
}

function filters(target: Target): void {
  const resource = (id: string, labels: object = {}): object => ({ 'prefect.resource.id': id, ...labels });
  law(target, 'applies event, resource and any_resource filters', async () => {
    const filter = { resource: { labels: { region: 'eu*' } }, any_resource: { id: ['r1'] } };
    const names = await livePart(target, filter, (word) => [
      eventLike({ event: `${word}.1`, resource: resource('r1', { region: 'us' }) }),
      eventLike({ event: `${word}.2`, resource: resource('r2', { region: 'eu' }) }),
      eventLike({ event: `${word}.3`, resource: resource('r1', { region: 'eu-west' }) }),
    ]);
    expect(names).toEqual(['3']);
  });

  law(target, 'applies text', async () => {
    const names = await livePart(target, { text: { query: 'Needle' } }, (word) => [
      eventLike({ event: `${word}.1`, payload: { text: 'hay' } }),
      eventLike({ event: `${word}.2`, payload: { text: 'a needle here' } }),
    ]);
    expect(names).toEqual(['2']);
  });

  law(
    target,
    'applies related',
    async () => {
      const related = [{ 'prefect.resource.id': 'u', 'prefect.resource.role': 'owner' }];
      const names = await livePart(target, { related: { role: ['owner'] } }, (word) => [
        eventLike({ event: `${word}.1` }),
        eventLike({ event: `${word}.2`, related }),
      ]);
      expect(names).toEqual(['2']);
    },
    { ours: '[Q] related is not applied to live events' },
  );
}

function others(target: Target): void {
  law(target, 'sends a repeated id once', async () => {
    const twice = eventLike({});
    const names = await livePart(target, {}, (word) => [
      { ...twice, event: `${word}.first` },
      { ...twice, event: `${word}.second` },
      eventLike({ event: `${word}.last` }),
    ]);
    expect(names).toEqual(['first', 'last']);
  });

  law(target, 'ignores what the client says after the filter', async () => {
    const word = uniqueWord();
    const socket = await subscribeTo(target, word, {});
    for (const message of ['nope', '{"type":"filter","filter":{"event":{"name":["other"]}}}', '']) socket.send(message);
    await untilLive(target, socket, word);
    expect(socket.isOpen).toBe(true);
    await socket.close();
  });

  law(
    target,
    'streams on for a filter that names no until',
    async () => {
      const word = uniqueWord();
      const socket = await subscribe(target, { event: { prefix: [word] } });
      await socket.ping();
      await publish(target, [eventLike({ event: `${word}.later`, occurred: ago(-1000) })]);
      await until('it comes', () => (namesOf(socket, word).includes('later') ? true : undefined), 5000);
      await socket.close();
    },
    { ours: 'a subscriber that names no until is open-ended' },
  );
}

/** What comes of the events, sent one by one to a subscriber that is live, between the probes. */
async function livePart(
  target: Target,
  filter: SentFilter,
  events: (word: string) => readonly Sent[],
): Promise<string[]> {
  const word = uniqueWord();
  const socket = await subscribe(
    target,
    { event: { prefix: [word] }, occurred: { until: far }, ...filter },
    { backfill: false },
  );
  const { id: _own, ...fitting } = events(word).at(-1) ?? {};
  await untilLive(target, socket, word, { ...fitting, event: `${word}.probe` });
  for (const event of events(word)) await publish(target, [event]);
  const last = String((fitting as Sent)['event']).slice(word.length + 1);
  await until(`${last} comes`, () => (namesOf(socket, word).includes(last) ? true : undefined));
  await socket.close();
  return namesOf(socket, word).filter((name) => name !== 'probe');
}
