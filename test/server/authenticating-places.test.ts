/**
 * Unknown peers hold a bounded number of places (I4): who comes beyond it waits its turn, and nobody keeps a place for
 * nothing.
 */
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { authMessage } from '../../schemas/wire.ts';
import { type AuthenticatingPlaces, createAuthenticatingPlaces } from '../../src/server/authenticating-places.ts';
import { createServerCounters } from '../../src/server/counters.ts';
import { openSocket, serverOfEachTest, until } from '../../support/fake-server.ts';

const handshake =
  'GET /api/events/in HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: ' +
  'Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: prefect\r\n\r\n';

describe('the places to authenticate', () => {
  const each = serverOfEachTest();
  const { start } = each;

  it('let a handshake wait while all are taken, and admit it when one has authenticated', async () => {
    const port = await start({ authenticatingMax: 2 });
    const [first] = await Promise.all([openSocket(port, '/api/events/in'), openSocket(port, '/api/events/out')]);
    let isOpen = false;
    const third = openSocket(port, '/api/events/out').then((client) => {
      isOpen = true;
      return client;
    });
    // A whole exchange later it still waits.
    first.sendPing();
    await until(() => first.pongs === 1, 'pong');
    expect(isOpen).toBe(false);
    first.send(authMessage());
    const client = await third;
    client.send(authMessage());
    await until(() => client.messages.length === 1, 'auth_success');
  });

  it('are free again when a socket closes, and when it comes to nothing', async () => {
    const port = await start({ authenticatingMax: 1, authString: 'secret' });
    for (const message of ['nope', authMessage('wrong'), authMessage('secret')]) {
      const client = await openSocket(port, '/api/events/in');
      client.send(message);
      if (message.includes('secret')) await until(() => client.messages.length === 1, 'auth_success');
      else await client.ending();
    }
    (await openSocket(port, '/api/events/in')).drop();
    await openSocket(port, '/api/events/out');
  });

  it('are not kept by handshakes whose client has gone', async () => {
    const port = await start({ authenticatingMax: 1 });
    const first = await openSocket(port, '/api/events/in');
    const gone = connect(port, '127.0.0.1', () => gone.write(handshake));
    await until(() => each.server.counters.handshakesWaiting === 1, 'it waits');
    gone.destroy();
    await until(() => each.server.counters.handshakesWaiting === 0, 'it is forgotten');
    first.drop();
    await openSocket(port, '/api/events/in');
  });

  it('are not asked of who does not authenticate', async () => {
    const port = await start({ authenticatingMax: 1 });
    await openSocket(port, '/api/events/in');
    expect((await openSocket(port, '/api/events/in', [])).protocol).toBe('');
  });

  it('end with 503 for those who wait when Sluice stops', async () => {
    const port = await start({ authenticatingMax: 1 });
    await openSocket(port, '/api/events/in');
    const waits = openSocket(port, '/api/events/in');
    const refused = expect(waits).rejects.toThrow('503');
    await until(() => each.server.counters.handshakesWaiting === 1, 'it waits');
    each.server.running.stopListening();
    await refused;
  });
});

describe('a first message', () => {
  const each = serverOfEachTest();

  it('longer than an auth message may be ends its connection with a reason, unparsed, on both routes', async () => {
    const port = await each.start();
    for (const path of ['/api/events/in', '/api/events/out']) {
      const client = await openSocket(port, path);
      client.send(authMessage('x'.repeat(64 * 1024)));
      expect(await client.ending()).toBe('1009 The auth message is larger than 65536 bytes');
    }
    expect(each.server.counters.longAuthMessages).toBe(2);
    const client = await openSocket(port, '/api/events/in');
    client.send(authMessage('x'.repeat(60 * 1024)));
    await until(() => client.messages.length === 1, 'auth_success');
  });
});

describe('over time', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function hold(places: AuthenticatingPlaces, told: string[], name: string): void {
    const holder = {
      late() {
        told.push(`${name} is late`);
        places.leave(holder);
      },
    };
    places.enter({
      begin() {
        places.hold(holder);
        told.push(`${name} begins`);
      },
      refuse: (failure) => told.push(`${name}: ${failure}`),
    });
  }

  it('who keeps a place for more than 2 s makes room for one that waits, and for no more', async () => {
    const places = createAuthenticatingPlaces(2, createServerCounters(), () => Date.now());
    const told: string[] = [];
    for (const name of ['a', 'b']) hold(places, told, name);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual(['a begins', 'b begins']);
    hold(places, told, 'c');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told.slice(2)).toEqual(['a is late', 'c begins']);
  });

  it('a handshake that waits for more than 9 s is refused', async () => {
    const counters = createServerCounters();
    const places = createAuthenticatingPlaces(1, counters, () => Date.now());
    const told: string[] = [];
    // It does not heed that it is late.
    places.enter({ begin: () => places.hold({ late: () => undefined }), refuse: () => undefined });
    hold(places, told, 'a');
    await vi.advanceTimersByTimeAsync(8_900);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(400);
    expect(told).toEqual(['a: tooManyAuthenticating']);
    expect(counters).toMatchObject({ handshakesWaiting: 0, handshakesRefused: 1 });
  });
});
