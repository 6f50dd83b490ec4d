/**
 * What bounds a plain connection bounds one with TLS as well: its head, its body, its number, and silence before the
 * handshake counts as a connection.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { selfSigned } from '../../src/server/self-signed.ts';
import { serverOfEachTest, until } from '../../support/fake-server.ts';
import { send } from '../../support/http.ts';
import { within } from '../../support/poll.ts';
import { targetAt } from '../../support/target.ts';

const each = serverOfEachTest();
const folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
const tls = selfSigned(folder, '127.0.0.1');
afterAll(() => rmSync(folder, { recursive: true }));

/** What comes until the server closes; the peer never does. */
function askRawly(port: number, text: string): Promise<string> {
  const answered = new Promise<string>((resolve) => {
    let received = '';
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => socket.write(text));
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
  return within('the server closes', 30_000, answered);
}

const head = (more: string): string => `POST /api/events HTTP/1.1\r\nHost: a\r\n${more}\r\n\r\n`;

describe('with TLS', () => {
  it('heads and bodies have the same bounds, and a doubtful head is refused', async () => {
    const port = await each.start({ tls, bodyBytesMax: 1000 });
    expect(await askRawly(port, head(`x: ${'y'.repeat(70_000)}`))).toMatch(/^HTTP\/1\.1 431 /);
    expect(await askRawly(port, head('Content-Length: 1001'))).toMatch(/^HTTP\/1\.1 413 /);
    expect(await askRawly(port, head('Content-Length: 2\r\nContent-Length: 3'))).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('connections have the same bound, shaken or silent, and each that closes makes room', async () => {
    const port = await each.start({ tls, connectionsMax: 2 });
    const { counters } = each.server;
    const silent = [1, 2].map(() => connectPlain(port, '127.0.0.1').on('error', () => undefined));
    await until(() => counters.connections === 2, 'both are open');
    const refusal = await askRawly(port, 'GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(refusal).toBe('');
    expect(counters.connectionsRefused).toBe(1);
    for (const socket of silent) socket.destroy();
    await until(() => counters.connections === 0, 'all are gone');
    const target = {
      ...targetAt(port),
      baseUrl: () => `https://127.0.0.1:${port}`,
      ca: readFileSync(tls.cert, 'utf8'),
    };
    expect((await send(target, { path: '/api/health' })).status).toBe(200);
  });
});
