/**
 * Pages of other origins: who may read an answer and open a WebSocket.
 */
import { describe, expect, it } from 'vitest';
import { parseOrigins } from '../../src/base/origins.ts';
import { ask, openSocket, serverOfEachTest } from '../../support/fake-server.ts';
import { targetAt } from '../../support/target.ts';
import { dial } from '../../support/wire-client.ts';

const each = serverOfEachTest();
const [friend, stranger] = ['https://friend.example', 'https://stranger.example'];
const withTokens = {
  ...{ isRequired: false, hasTokens: true },
  identify: () => null,
  findEnded: () => null,
  hasEnded: () => false,
  onChange: () => () => undefined,
};

async function told(
  port: number,
  origin: string,
): Promise<readonly [read: unknown, preflight: number, socket: boolean]> {
  const headers = { origin };
  const read = await ask(port, 'GET', '/api/health', { headers });
  const asked = { ...headers, 'access-control-request-method': 'POST' };
  const preflight = await ask(port, 'OPTIONS', '/api/events', { headers: asked });
  const socket = await dial(targetAt(port), '/api/events/in', { headers });
  if (socket.accepted) socket.socket.drop();
  return [read.headers['access-control-allow-origin'], preflight.status, socket.accepted];
}

describe('a page of another origin', () => {
  it('may do all without a setting and without tokens, as with Prefect', async () => {
    expect(await told(await each.start(), stranger)).toEqual(['*', 200, true]);
  });

  it('may nothing once there are tokens, but a page of this very host may, and so may what is no page', async () => {
    const port = await each.start({ credentials: withTokens });
    expect(await told(port, stranger)).toEqual([undefined, 400, false]);
    expect(await told(port, 'null')).toEqual([undefined, 400, false]);
    expect((await told(port, `http://127.0.0.1:${port}`))[2]).toBe(true);
    (await openSocket(port, '/api/events/in')).drop();
  });

  it('may what the setting says, tokens or not', async () => {
    const port = await each.start({ corsOrigins: friend, credentials: withTokens });
    expect(await told(port, friend)).toEqual([friend, 200, true]);
    expect(await told(port, stranger)).toEqual([undefined, 400, false]);
    expect((await ask(port, 'GET', '/api/health', { headers: { origin: friend } })).headers.vary).toContain('Origin');
  });

  it.each([
    ['*', '*', true],
    ['none', undefined, false],
  ])('with the setting %s', async (corsOrigins, read, socket) => {
    const [allowed, , accepted] = await told(await each.start({ corsOrigins }), stranger);
    expect([allowed, accepted]).toEqual([read, socket]);
  });
});

describe('a list of origins', () => {
  it('holds scheme, host and port, and nothing else', () => {
    expect(parseOrigins(` ${friend} , http://localhost:3000`)).toEqual(new Set([friend, 'http://localhost:3000']));
    for (const wrong of [
      '',
      `${friend}/`,
      'friend.example',
      `${friend},`,
      'https://a.example/x',
      '*,https://a.example',
    ]) {
      expect([wrong, parseOrigins(wrong)]).toEqual([wrong, null]);
    }
  });
});
