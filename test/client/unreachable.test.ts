/** What the client says where nobody listens. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { asSluiceError } from '../../client/src/errors.ts';
import { connect } from '../../client/src/node.ts';
import { selfSigned } from '../../src/server/self-signed.ts';
import { listenHere } from '../../support/free-port.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-untrusted-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(['127.0.0.1', 'localhost'])('names the address and the reason where nobody listens: %s', async (host) => {
  const server = createServer();
  const port = await listenHere(server);
  server.close();
  await once(server, 'close');
  const failure = await fetch(`http://${host}:${port}/api/health`).then(() => null, asSluiceError);
  expect(failure).toMatchObject({ failure: 'network', retryable: true });
  expect(failure?.message).toMatch(new RegExp(`^The server cannot be reached: connect ECONNREFUSED .*:${port}$`));
});

it("says by which variable a certificate of one's own is trusted, over https and wss", async () => {
  const { cert, key } = selfSigned(folder, '127.0.0.1');
  const server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) });
  const url = `https://127.0.0.1:${await listenHere(server)}`;
  const sluice = connect({ url, retry: { attemptsMax: 1 } });
  const sentence = /^The server cannot be reached: self-signed certificate: .*NODE_EXTRA_CA_CERTS=FILE/;
  await expect(sluice.query().total()).rejects.toMatchObject({ message: expect.stringMatching(sentence) });
  const messages = sluice.subscribe()[Symbol.asyncIterator]();
  await expect(messages.next()).rejects.toMatchObject({ failure: 'network', message: expect.stringMatching(sentence) });
  server.close();
});

it('keeps the text of an error without a cause', () => {
  expect(asSluiceError(new TypeError('Failed to fetch')).message).toBe('The server cannot be reached: Failed to fetch');
});
