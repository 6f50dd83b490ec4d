/** What the client says where nobody listens. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { asSluiceError } from '../../client/src/errors.ts';
import { listenHere } from '../../support/free-port.ts';

it.each(['127.0.0.1', 'localhost'])('names the address and the reason where nobody listens: %s', async (host) => {
  const server = createServer();
  const port = await listenHere(server);
  server.close();
  await once(server, 'close');
  const failure = await fetch(`http://${host}:${port}/api/health`).then(() => null, asSluiceError);
  expect(failure).toMatchObject({ failure: 'network', retryable: true });
  expect(failure?.message).toMatch(new RegExp(`^The server cannot be reached: connect ECONNREFUSED .*:${port}$`));
});

it('keeps the text of an error without a cause', () => {
  expect(asSluiceError(new TypeError('Failed to fetch')).message).toBe('The server cannot be reached: Failed to fetch');
});
