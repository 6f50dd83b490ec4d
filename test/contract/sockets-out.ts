/**
 * PROTOCOL-FACTS §9: what a subscriber gets.
 */
import { beforeAll, describe, expect } from 'vitest';
import { type Answered, eventLike, publish, type Sent, untilFound } from '../support/events.ts';
import { post } from '../support/http.ts';
import { until } from '../support/poll.ts';
import { law, type Target, uniqueWord } from '../support/target.ts';
import { connectSigned, subscribe, type TestSocket } from '../support/websocket.ts';

const minute = 60_000;
const far = '2100-01-01T00:00:00Z';
const route = '/api/events/out';

export function socketsOutSection(target: Target): void {
  describe('§9 /api/events/out', () => {
    firstMessages(target);
    history(target);
    live(target);
    exact(target);
  });
}

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

/** The names of the events that came, less the word they begin with. */
function namesOf(socket: TestSocket, word: string): string[] {
  return socket.messages.slice(1).map((message) => {
    const { event } = JSON.parse(message) as { event: Answered }; // `frames` checks the shape
    return event.event.slice(word.length + 1);
  });
}

/** Waits until the events named so were all there, in this order, and nothing else. */
async function untilGot(socket: TestSocket, word: string, names: readonly string[]): Promise<void> {
  const got = (): string => namesOf(socket, word).join();
  await until(`${names.join()} came`, () => (namesOf(socket, word).length >= names.length ? true : undefined)).catch(
    (error: Error) => Promise.reject(new Error(`${error.message} (came: ${got()})`)),
  );
  expect(got()).toBe(names.join());
}

/** A subscriber that is known to be live: a probe event has come to it. */
async function liveSubscriber(target: Target, word: string, filter: object, fields: object = {}): Promise<TestSocket> {
  const socket = await subscribe(target, { event: { prefix: [word] }, occurred: { until: far }, ...filter }, fields);
  await socket.ping();
  return socket;
}

function firstMessages(target: Target): void {
  const closes: readonly (readonly [message: string, reason: string])[] = [
    ['{"type":"other"}', "Expected 'filter' message"],
    ['{"type":"auth","token":null}', "Expected 'filter' message"],
    ['{"type":"filter"}', "Invalid filter: 'filter'"],
    ['{"type":"filter","backfill":true}', "Invalid filter: 'filter'"],
  ];
  for (const [message, reason] of closes) {
    law(target, `${message} is closed with 1002 ${reason}`, async () => {
      const socket = await connectSigned(target, route);
      socket.send(message);
      expect(await socket.untilClosed()).toEqual({ code: 1002, reason });
    });
  }

  for (const filter of [
    'null',
    '"x"',
    '{"order":"x"}',
    '{"occurred":null}',
    '{"nonsense":"ü€😀ü€😀ü€😀ü€😀ü€😀ü€😀ü€😀ü€😀"}',
  ]) {
    law(target, `the filter ${filter} ends the connection`, async () => {
      const socket = await connectSigned(target, route);
      socket.send(`{"type":"filter","filter":${filter}}`);
      await socket.untilClosed();
    });

    law(
      target,
      `the filter ${filter} is closed with 1002 and a reason that fits`,
      async () => {
        const socket = await connectSigned(target, route);
        socket.send(`{"type":"filter","filter":${filter}}`);
        const closed = await socket.untilClosed();
        expect(closed).toEqual({ code: 1002, reason: expect.stringMatching(/^Invalid filter: ./) });
        expect(Buffer.byteLength(closed.reason)).toBeLessThanOrEqual(123);
        expect(closed.reason).not.toContain('\ufffd');
      },
      { ours: '[Q] the reason exceeds a close frame, so it is 1006' },
    );
  }

  for (const message of ['{"filter":{}}', 'nope', '[]', '"filter"', '']) {
    law(target, `${message || 'an empty message'} is broken off`, async () => {
      const socket = await connectSigned(target, route);
      socket.send(message);
      expect((await socket.untilClosed()).code).toBe(1006);
    });
  }
}

function history(target: Target): void {
  const word = uniqueWord();
  const names = ['old', 'one', 'two', 'three'];
  describe('history', () => {
    beforeAll(async () => {
      const times = [20 * minute, 10 * minute, 9 * minute, 8 * minute];
      // Sent newest first: history comes by `occurred`, not by arrival.
      const events = names.map((name, at) => eventLike({ event: `${word}.${name}`, occurred: ago(times[at] ?? 0) }));
      for (const event of events.toReversed()) await publish(target, [event]);
      await untilFound(target, { event: { prefix: [word] } }, 4);
    });

    const filters: readonly (readonly [name: string, occurred: () => object])[] = [
      ['since is raised to 15 minutes ago', () => ({ since: ago(60 * minute), until: far })],
      ['no since is 15 minutes ago too', () => ({ until: far })],
    ];
    for (const [name, occurred] of filters) {
      law(target, `comes oldest first; ${name}`, async () => {
        const socket = await subscribe(target, { event: { prefix: [word] }, occurred: occurred(), order: 'DESC' });
        await untilGot(socket, word, ['one', 'two', 'three']);
        await socket.close();
      });
    }

    law(target, 'is the event as a query gives it', async () => {
      const filter = { event: { name: [`${word}.one`] }, occurred: { until: far } };
      const socket = await subscribe(target, filter);
      await untilGot(socket, word, ['one']);
      const answer = await post(target, '/api/events/filter', { filter: { event: { name: [`${word}.one`] } } });
      expect(
        `{"events":[${(socket.messages[1] ?? '').slice('{"type":"event","event":'.length, -1)}],"total":1,"next_page":null}`,
      ).toBe(answer.text);
      await socket.close();
    });

    law(target, 'ends at until', async () => {
      const socket = await liveSubscriber(target, word, { occurred: { until: ago(8.5 * minute) } });
      await untilGot(socket, word, ['one', 'two']);
      await publish(target, [eventLike({ event: uniqueWord() })]);
      await socket.ping();
      expect(namesOf(socket, word)).toEqual(['one', 'two']);
      await socket.close();
    });

    for (const backfill of [true, 1, 'no']) {
      law(target, `comes for backfill ${JSON.stringify(backfill)}`, async () => {
        const socket = await liveSubscriber(target, word, {}, { backfill });
        await untilGot(socket, word, ['one', 'two', 'three']);
        await socket.close();
      });
    }
  });

  for (const backfill of [false, null, 0]) {
    law(target, `does not come for backfill ${JSON.stringify(backfill)}`, async () => {
      const other = uniqueWord();
      await publish(target, [eventLike({ event: `${other}.before`, occurred: ago(1000) })]);
      await untilFound(target, { event: { prefix: [other] } }, 1);
      const socket = await liveSubscriber(target, other, {}, { backfill });
      await untilLive(target, socket, other);
      expect(namesOf(socket, other)).not.toContain('before');
      await socket.close();
    });
  }
}

/** Sends probes until one has come: from then on the subscriber is live. */
async function untilLive(target: Target, socket: TestSocket, word: string, fields: Sent = {}): Promise<void> {
  await until('a probe comes', async () => {
    await publish(target, [eventLike({ event: `${word}.probe`, ...fields })]);
    return namesOf(socket, word).includes('probe') ? true : undefined;
  });
}

function live(target: Target): void {
  /** What comes of the events, sent one by one to a subscriber that is live, between the probes. */
  const livePart = async (filter: object, events: (word: string) => readonly Sent[]): Promise<string[]> => {
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
  };

  law(target, 'sends new events in the order of publication, whatever their time', async () => {
    const names = await livePart({}, (word) =>
      [3, 1, 2].map((at) => eventLike({ event: `${word}.${at}`, occurred: ago(at * 1000) })),
    );
    expect(names).toEqual(['3', '1', '2']);
  });

  law(target, 'sends only what fits the window: not before since, not after until', async () => {
    const names = await livePart({ occurred: { since: ago(5 * minute), until: ago(-5 * minute) } }, (word) => [
      eventLike({ event: `${word}.early`, occurred: ago(6 * minute) }),
      eventLike({ event: `${word}.in`, occurred: ago(4 * minute) }),
      eventLike({ event: `${word}.late`, occurred: ago(-6 * minute) }),
      eventLike({ event: `${word}.ahead`, occurred: ago(-4 * minute) }),
    ]);
    expect(names).toEqual(['in', 'ahead']);
  });

  law(target, 'sends nothing older than 15 minutes, whatever since says', async () => {
    const names = await livePart({ occurred: { since: ago(60 * minute), until: far } }, (word) => [
      eventLike({ event: `${word}.old`, occurred: ago(16 * minute) }),
      eventLike({ event: `${word}.new` }),
    ]);
    expect(names).toEqual(['new']);
  });

  const resource = (id: string, labels: object = {}): object => ({ 'prefect.resource.id': id, ...labels });
  law(target, 'applies event, resource and any_resource filters', async () => {
    const filter = { resource: { labels: { region: 'eu*' } }, any_resource: { id: ['r1'] } };
    const names = await livePart(filter, (word) => [
      eventLike({ event: `${word}.1`, resource: resource('r1', { region: 'us' }) }),
      eventLike({ event: `${word}.2`, resource: resource('r2', { region: 'eu' }) }),
      eventLike({ event: `${word}.3`, resource: resource('r1', { region: 'eu-west' }) }),
    ]);
    expect(names).toEqual(['3']);
  });

  law(target, 'applies text', async () => {
    const names = await livePart({ text: { query: 'Needle' } }, (word) => [
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
      const names = await livePart({ related: { role: ['owner'] } }, (word) => [
        eventLike({ event: `${word}.1` }),
        eventLike({ event: `${word}.2`, related }),
      ]);
      expect(names).toEqual(['2']);
    },
    { ours: '[Q] related is not applied to live events' },
  );

  law(target, 'sends a repeated id once', async () => {
    const twice = eventLike({});
    const names = await livePart({}, (word) => [
      { ...twice, event: `${word}.first` },
      { ...twice, event: `${word}.second` },
      eventLike({ event: `${word}.last` }),
    ]);
    expect(names).toEqual(['first', 'last']);
  });

  law(target, 'ignores what the client says after the filter', async () => {
    const word = uniqueWord();
    const socket = await liveSubscriber(target, word, {});
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

function exact(target: Target): void {
  law(
    target,
    'gives each event exactly once, from history to live, to one that joins while they flow',
    async () => {
      const word = uniqueWord();
      const since = ago(minute);
      const names = Array.from({ length: 400 }, (_, at) => String(at));
      const sockets: TestSocket[] = [];
      for (const [at, name] of names.entries()) {
        await publish(target, [eventLike({ event: `${word}.${name}` })]);
        if (at % 100 === 50) {
          sockets.push(await subscribe(target, { event: { prefix: [word] }, occurred: { since, until: far } }));
        }
      }
      for (const socket of sockets) {
        await until('all came', () => (namesOf(socket, word).length >= names.length ? true : undefined));
        expect(namesOf(socket, word).toSorted()).toEqual(names.toSorted());
        await socket.close();
      }
    },
    { ours: '[Q] events stored after the history query are lost' },
  );
}
