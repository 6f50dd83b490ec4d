/**
 * docs/prefect-facts.md, "The handshake of a WebSocket": how both WebSocket routes begin.
 */
import { describe, expect } from 'vitest';
import { basicAuth, law, type Target } from '../../support/target.ts';
import { connect, connectSigned, dial } from '../../support/wire-client.ts';

const routes = ['/api/events/in', '/api/events/out'];
const success = '{"type":"auth_success"}';

/** First messages that end the connection without a close frame. */
const brokenOff: readonly (readonly [name: string, message: string | Buffer])[] = [
  ['what is not JSON', 'nope'],
  ['JSON that is no object', '["auth"]'],
  ['an empty message', ''],
  ['a binary message', Buffer.from('{"type":"auth","token":null}')],
];

export function handshakeSection(target: Target): void {
  for (const route of routes) {
    describe(`handshake of ${route}`, () => {
      subprotocol(target, route);
      firstMessages(target, route);
      if (target.authString === undefined) withoutAuthString(target, route);
      else withAuthString({ ...target, authString: target.authString }, route);
    });
  }

  describe('other sockets', () => {
    law(target, 'an unknown route is refused with 403 and no body', async () => {
      const handshake = await dial(target, '/api/events/nope');
      expect(handshake).toEqual({ accepted: false, status: 403, body: '' });
    });
  });
}

function subprotocol(target: Target, route: string): void {
  for (const protocols of [['prefect'], ['other', 'prefect'], ['prefect', 'other']]) {
    law(target, `${protocols.join()} is accepted as prefect`, async () => {
      const socket = await connect(target, route, { protocols });
      expect(socket.protocol).toBe('prefect');
      expect(socket.messages).toEqual([]);
      socket.drop();
    });
  }

  law(target, 'answers a ping before and after the auth message', async () => {
    const early = await connect(target, route);
    await early.ping();
    early.drop();
    const socket = await connectSigned(target, route);
    await socket.ping();
    socket.drop();
  });
}

function firstMessages(target: Target, route: string): void {
  law(target, 'an object of another type is closed with 1008', async () => {
    for (const message of ['{"type":"filter"}', '{}', '{"type":null}']) {
      const socket = await connect(target, route);
      socket.send(message);
      expect(await socket.untilClosed()).toEqual({ code: 1008, reason: "Expected 'auth' message" });
    }
  });

  for (const [name, message] of brokenOff) {
    law(target, `${name} is broken off`, async () => {
      const socket = await connect(target, route);
      socket.send(message);
      expect((await socket.untilClosed()).code).toBe(1006);
    });
  }
}

function withoutAuthString(target: Target, route: string): void {
  for (const fields of ['', ',"token":null', ',"token":""', ',"token":"any"', ',"token":5', ',"extra":1']) {
    law(target, `{"type":"auth"${fields}} is enough`, async () => {
      const socket = await connect(target, route);
      socket.send(`{"type":"auth"${fields}}`);
      expect(await socket.next()).toBe(success);
      await socket.close();
    });
  }

  law(target, 'none or another subprotocol is accepted without one and without auth', async () => {
    for (const protocols of [null, ['other']]) {
      const handshake = await dial(target, route, { protocols }).catch((error: Error) => error.message);
      // A client may refuse the answer to an offer that was not taken; the server's part is that it accepts.
      if (protocols !== null) {
        expect(handshake).toBe('Server sent no subprotocol');
        continue;
      }
      expect(handshake).toMatchObject({ accepted: true, socket: { protocol: '' } });
    }
  });
}

function withAuthString(target: Target & { readonly authString: string }, route: string): void {
  law(target, 'the auth string is taken', async () => {
    const socket = await connect(target, route);
    socket.send(JSON.stringify({ type: 'auth', token: target.authString }));
    expect(await socket.next()).toBe(success);
    await socket.close();
  });

  const refused: readonly (readonly [fields: string, reason: string])[] = [
    ['', 'Auth required but no token provided'],
    [',"token":null', 'Auth required but no token provided'],
    [',"token":""', 'Auth required but no token provided'],
    [',"token":"wrong"', 'Invalid token'],
    [`,"token":${JSON.stringify(`${target.authString} `)}`, 'Invalid token'],
    [`,"token":${JSON.stringify(Buffer.from(target.authString).toString('base64'))}`, 'Invalid token'],
  ];
  for (const [fields, reason] of refused) {
    law(target, `{"type":"auth"${fields}} is closed with 1008 ${reason}`, async () => {
      const socket = await connect(target, route);
      socket.send(`{"type":"auth"${fields}}`);
      expect(await socket.untilClosed()).toEqual({ code: 1008, reason });
    });
  }

  law(target, 'a number as token is broken off', async () => {
    const socket = await connect(target, route);
    socket.send('{"type":"auth","token":5}');
    expect((await socket.untilClosed()).code).toBe(1006);
  });

  law(target, 'the header plays no part', async () => {
    const headers = { authorization: basicAuth(target.authString) };
    const socket = await connect(target, route, { headers });
    socket.send('{"type":"auth"}');
    expect((await socket.untilClosed()).code).toBe(1008);
    const wrong = await connect(target, route, { headers: { authorization: 'Basic d3Jvbmc=' } });
    wrong.send(JSON.stringify({ type: 'auth', token: target.authString }));
    expect(await wrong.next()).toBe(success);
    wrong.drop();
  });

  law(target, 'none or another subprotocol is refused with 403 and no body', async () => {
    for (const protocols of [null, ['other']]) {
      const headers = { authorization: basicAuth(target.authString) };
      expect(await dial(target, route, { protocols, headers })).toEqual({ accepted: false, status: 403, body: '' });
    }
  });
}
