/**
 * docs/prefect-facts.md, "Messages of a subscriber": what a subscriber gets.
 */
import { beforeAll, describe, expect } from 'vitest';
import { eventFrameHead, eventFrameTail } from '../../schemas/wire.ts';
import { eventLike, publish, untilFound } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import { ago, far, namesOf, subscribeTo, untilGot, untilLive } from '../../support/subscriber.ts';
import { law, type Target, uniqueWord } from '../../support/target.ts';
import { connectSigned, subscribe, type WireClient } from '../../support/wire-client.ts';

const minute = 60_000;
const route = '/api/events/out';

export function socketsOutSection(target: Target): void {
  describe('/api/events/out', () => {
    firstMessages(target);
    history(target);
    withoutHistory(target);
    exact(target);
  });
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
        `{"events":[${(socket.messages[1] ?? '').slice(eventFrameHead.length, -eventFrameTail.length)}],"total":1,"next_page":null}`,
      ).toBe(answer.text);
      await socket.close();
    });

    law(target, 'ends at until', async () => {
      const socket = await subscribeTo(target, word, { occurred: { until: ago(8.5 * minute) } });
      await untilGot(socket, word, ['one', 'two']);
      await publish(target, [eventLike({ event: uniqueWord() })]);
      await socket.ping();
      expect(namesOf(socket, word)).toEqual(['one', 'two']);
      await socket.close();
    });

    for (const backfill of [true, 1, 'no']) {
      law(target, `comes for backfill ${JSON.stringify(backfill)}`, async () => {
        const socket = await subscribeTo(target, word, {}, { backfill: backfill as boolean }); // any value is taken, as Python takes it
        await untilGot(socket, word, ['one', 'two', 'three']);
        await socket.close();
      });
    }
  });
}

function withoutHistory(target: Target): void {
  for (const backfill of [false, null, 0]) {
    law(target, `does not come for backfill ${JSON.stringify(backfill)}`, async () => {
      const other = uniqueWord();
      await publish(target, [eventLike({ event: `${other}.before`, occurred: ago(1000) })]);
      await untilFound(target, { event: { prefix: [other] } }, 1);
      const socket = await subscribeTo(target, other, {}, { backfill: backfill as boolean }); // as above
      await untilLive(target, socket, other);
      expect(namesOf(socket, other)).not.toContain('before');
      await socket.close();
    });
  }
}

function exact(target: Target): void {
  law(
    target,
    'gives each event exactly once, from history to live, to one that joins while they flow',
    async () => {
      const word = uniqueWord();
      const since = ago(minute);
      const names = Array.from({ length: 400 }, (_, at) => String(at));
      const sockets: WireClient[] = [];
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
