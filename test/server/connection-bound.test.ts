/**
 * Connections have a bound below the descriptors (I4): beyond it they are told so at once, and each that closes makes
 * room.
 */
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { authMessage } from '../../schemas/wire.ts';
import { descriptorFacts, descriptorRoom, descriptorWarnings } from '../../src/app/descriptors.ts';
import { StartRefused } from '../../src/base/errors.ts';
import { ask, openSocket, serverOfEachTest, until } from '../../support/fake-server.ts';
import { askRaw } from '../../support/raw-socket.ts';

const each = serverOfEachTest();

function hold(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', reject);
  });
}

describe('connections', () => {
  it('beyond the bound are told so, with when to come back, and closed; those before it go on', async () => {
    const port = await each.start({ connectionsMax: 3 });
    const { counters } = each.server;
    const socket = await openSocket(port, '/api/events/in');
    const idle = [await hold(port), await hold(port)];
    await until(() => counters.connections === 3, 'all are open');
    const refusal = await askRaw(port, ['GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n'], /<closed>/);
    expect(refusal).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\nretry-after: 5\r\n/i);
    expect(refusal).toMatch(/<closed>$/);
    await expect(openSocket(port, '/api/events/out')).rejects.toThrow('503');
    expect(counters.connectionsRefused).toBe(2);
    socket.send(authMessage());
    await until(() => socket.messages.length === 1, 'auth_success');
    for (const one of idle) one.destroy();
    await until(() => counters.connections === 1, 'they are gone');
    expect((await ask(port, 'GET', '/api/health')).status).toBe(200);
  });

  it('of which nobody knows what they are have a bound of their own, and sockets and streams do not count in it', async () => {
    const port = await each.start({ headBytesMax: 64 * 1024, headsBytesMax: 64 * 64 * 1024 });
    const { counters } = each.server;
    const sockets = [];
    for (let nth = 0; nth < 10; nth += 1) sockets.push(await openSocket(port, '/api/events/in'));
    const idle = await Promise.all(Array.from({ length: 64 }, () => hold(port)));
    await until(() => counters.connections === 74, 'all are open');
    for (const one of idle) one.write(`GET /api/health HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(60_000)}`);
    const refusal = await askRaw(port, ['GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n'], /<closed>/);
    expect(refusal).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\nretry-after: 5\r\n/i);
    for (const one of idle.slice(0, 2)) one.destroy();
    await until(() => counters.connections === 72, 'two are gone');
    expect((await ask(port, 'GET', '/api/health')).status).toBe(200);
    for (const one of idle) one.destroy();
    for (const one of sockets) one.drop();
  });

  it('are refused while the system has too few descriptors left, whatever our own count', async () => {
    let left = 40;
    const port = await each.start({ descriptorsLeft: () => left });
    expect((await ask(port, 'GET', '/api/health')).status).toBe(200);
    left = 20;
    await until(() => each.server.counters.connections === 0, 'the first one has gone');
    const status = async (): Promise<number> => (await ask(port, 'GET', '/api/health')).status;
    while ((await status()) !== 503);
    left = 40;
    while ((await status()) !== 200);
    expect(each.server.counters.connectionsRefused).toBeGreaterThan(0);
  });

  it('are counted whatever becomes of them', async () => {
    const port = await each.start({ connectionsMax: 100, authenticatingMax: 2, authString: 'secret' });
    const { counters } = each.server;
    await Promise.all(Array.from({ length: 10 }, () => ask(port, 'GET', '/api/health')));
    const idle = await Promise.all(Array.from({ length: 5 }, () => hold(port)));
    const sockets = await Promise.all([openSocket(port, '/api/events/in'), openSocket(port, '/api/events/out')]);
    await expect(openSocket(port, '/api/events/out', [])).rejects.toThrow('403');
    await expect(openSocket(port, '/api/zzz')).rejects.toThrow('403');
    await askRaw(port, ['GET / HTTP/1.0\r\n\r\n'], /<closed>/);
    await until(() => counters.connections === 7, 'what is still open');
    for (const one of idle) one.destroy();
    sockets[0].drop();
    sockets[1].send('nope');
    await until(() => counters.connections === 0, 'all are gone');
  });
});

describe('the room for connections', () => {
  it('is the limit of open files less what is open and what we may still need', () => {
    expect(descriptorRoom({ openFilesMax: 256, openFiles: 30 })).toEqual({ openFilesMax: 256, connectionsMax: 162 });
    expect(descriptorRoom({ openFilesMax: null, openFiles: 0 })).toBeNull();
    expect(() => descriptorRoom({ openFilesMax: 100, openFiles: 30 })).toThrow(StartRefused);
    expect(() => descriptorRoom({ openFilesMax: 100, openFiles: 30 })).toThrow('is 100: Sluice needs 128');
  });

  it('that is smaller than asked for is said in a sentence with the number', () => {
    const room = descriptorRoom({ openFilesMax: 1024, openFiles: 36 });
    expect(descriptorWarnings(room, { socketsMax: 18_000, hasEngine: true })).toEqual([
      expect.stringMatching(/^the limit of open files \(nofile\) is 1024: 924 connections fit, not the 18000 of/),
    ]);
    expect(descriptorWarnings(room, { socketsMax: 900, hasEngine: true })).toEqual([]);
    expect(
      descriptorWarnings(descriptorRoom({ openFilesMax: 200, openFiles: 30 }), { socketsMax: 1, hasEngine: true }),
    ).toHaveLength(1);
    expect(descriptorWarnings(null, { socketsMax: 1e9, hasEngine: true })).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('is read from the running process', async () => {
    const before = descriptorFacts();
    expect(before.openFilesMax).toBeGreaterThan(before.openFiles);
    const port = await each.start();
    const sockets = await Promise.all(Array.from({ length: 20 }, () => hold(port)));
    expect(descriptorFacts().openFiles).toBeGreaterThan(before.openFiles + 20);
    expect(sockets.every((socket) => (socket.address() as AddressInfo).port > 0)).toBe(true); // of a connection it is one
    for (const socket of sockets) socket.destroy();
  });
});
