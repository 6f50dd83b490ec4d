/**
 * What a socket hears whose credential has ended: who asked to be told why hears its name, the others a close frame.
 */
import { expect, it } from 'vitest';
import { filterMessage } from '../../schemas/wire.ts';
import { everything } from '../../src/access/identity.ts';
import { openAuthenticated, serverOfEachTest, until } from '../../support/fake-server.ts';

const each = serverOfEachTest();

it('is closed with 1008, and told before that if it asked', async () => {
  let end = (): void => undefined;
  let hasEnded = false;
  const credentials = {
    ...{ isRequired: false, hasTokens: false },
    identify: () => everything,
    findEnded: () => null,
    hasEnded: () => hasEnded,
    onChange: (listener: () => void) => {
      end = listener;
      return () => undefined;
    },
  };
  const port = await each.start({ credentials });
  const [asked, other] = [
    await openAuthenticated(port, '/api/events/out'),
    await openAuthenticated(port, '/api/events/out'),
  ];
  asked.send(filterMessage({}, { positions: true }));
  other.send(filterMessage({}));
  await until(() => each.server.feeds.length === 2, 'both feeds');
  end();
  expect([asked.isOpen, other.isOpen]).toEqual([true, true]);
  hasEnded = true;
  end();
  const closed = { code: 1008, reason: 'The credential has ended' };
  expect(await Promise.all([asked.closed, other.closed])).toEqual([closed, closed]);
  const why = '{"type":"error","failure":"unauthorized","reason":"The credential has ended"}';
  expect([asked.messages, other.messages]).toEqual([[why], []]);
});
