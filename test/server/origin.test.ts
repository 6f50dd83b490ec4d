/** Where a body of events says that it comes from. */
import { expect, it } from 'vitest';
import { ask, serverOfEachTest } from '../../support/fake-server.ts';

const servers = serverOfEachTest();
const sending = (origin: string) => ({
  body: '[]',
  headers: { 'content-type': 'application/json', 'sluice-origin': origin },
});

it.each([
  ['http://127.0.0.1:4200', 'prefect', true],
  ['http://127.0.0.1:4200', 'other', false],
  [null, 'prefect', false],
])(
  'with the Prefect server %s, events that say %s count as handed on: %s',
  async (prefectUrl, origin, isFromPrefect) => {
    const port = await servers.start({ prefectUrl });
    const seen: (boolean | undefined)[] = [];
    servers.server.fakes.acceptBatch = (_body, _isJson, _admit, mark) => {
      seen.push(mark);
      return { ok: true, durable: Promise.resolve() };
    };
    expect((await ask(port, 'POST', '/api/events', sending(origin))).status).toBe(204);
    expect(seen).toEqual([isFromPrefect]);
  },
);

it('what a Sluice forwards is refused, and nothing of it is taken', async () => {
  const port = await servers.start();
  servers.server.fakes.acceptBatch = () => {
    throw new Error('nothing may be taken');
  };
  const { status, text } = await ask(port, 'POST', '/api/events', sending('sluice'));
  expect([status, text]).toEqual([421, expect.stringContaining('SLUICE_PREFECT_URL')]);
});
