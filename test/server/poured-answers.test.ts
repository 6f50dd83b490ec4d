/** Answers that come in parts: as fast as they are read and no faster, and never half of one that looks whole (I4). */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Count } from '../../schemas/count.ts';
import { type FakeServer, startFakeServer, until } from '../../support/fake-server.ts';

let server: FakeServer;
let port: number;

beforeAll(async () => {
  server = await startFakeServer();
  port = server.running.port;
});
afterAll(() => server.running.close());

const time = '2026-11-22T00:00:00Z';
const count = (value: string): Count => ({ value, label: value, count: 1, start_time: time, end_time: time });
const part = Array.from({ length: 1000 }, (_, at) => count(`group ${at} é`));
const partJson = Buffer.from(`${JSON.stringify(part).slice(1, -1)},`);

/** Asks for a count with a socket that can stop reading. */
function open(): { socket: Socket; received: () => string } {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    // Its beginning and its end are all that is looked at.
    received = received.slice(0, 1000) + received.slice(1000).slice(-10) + chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  const body = '{"filter":{}}';
  socket.write(
    `POST /api/events/count-by/resource HTTP/1.1\r\nHost: x\r\nContent-Type: ` +
      `application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return { socket, received: () => received };
}

/** `firstBytes`: of a first part that no socket takes at once. */
function give(
  parts: number,
  { broken = false, firstBytes = 0 } = {},
): { readonly given: () => number; readonly isLeft: () => boolean } {
  let given = 0;
  let isLeft = false;
  server.fakes.queries.countEvents = () => ({
    ok: true,
    counts: (async function* () {
      try {
        for (; given < parts; given += 1)
          yield given === 0 && firstBytes > 0 ? Buffer.alloc(firstBytes, ' ') : partJson;
        if (broken) throw new Error('the engine is gone');
      } finally {
        isLeft = true;
      }
    })(),
  });
  return { given: () => given, isLeft: () => isLeft };
}

const ask = () =>
  fetch(`http://127.0.0.1:${port}/api/events/count-by/resource`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"filter":{}}',
  });

describe('an answer in parts', () => {
  it('is the same text whether it is short and whole, or long and poured', async () => {
    for (const parts of [0, 1, 2, 40]) {
      give(parts);
      const answer = await ask();
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(answer.headers.has('content-length')).toBe(parts < 3);
      expect(await answer.text()).toBe(JSON.stringify(Array.from({ length: parts }, () => part).flat()));
    }
  });

  it('has its head, even if no part comes', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/events/export`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://elsewhere' },
      body: '{}',
    });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(answer.headers.get('sluice-export-token')).toBe('of the export');
    expect(answer.headers.get('access-control-expose-headers')).toBe('sluice-export-token');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('is asked for as it is read', async () => {
    const { given, isLeft } = give(400);
    const { socket, received } = open();
    socket.pause();
    await until(() => given() > 3, 'the first parts');
    let last = -1;
    await until(() => {
      const isStill = given() === last;
      last = given();
      return isStill;
    }, 'a stop');
    expect(given()).toBeLessThan(300);
    socket.resume();
    await until(() => received().endsWith('\r\n0\r\n\r\n'), 'its end');
    expect([given(), isLeft()]).toEqual([400, true]);
    socket.destroy();
  });

  it('is left when the client goes away', async () => {
    const { given, isLeft } = give(400);
    const { socket } = open();
    socket.pause();
    await until(() => given() > 3, 'the first parts');
    socket.destroy();
    await until(isLeft, 'the loop is left');
    expect(given()).toBeLessThan(400);
  });

  it('is left when the client goes away before it has read the beginning, which was gathered already', async () => {
    const { given, isLeft } = give(400, { firstBytes: 32 * 1024 * 1024 });
    const { socket, received } = open();
    socket.pause();
    await until(() => socket.readableLength > 0 || received() !== '', 'the first bytes');
    socket.destroy();
    await until(isLeft, 'the loop is left');
    // The one that was gathered, and the one behind it.
    expect(given()).toBeLessThan(3);
  });

  it('that breaks off is cut off, never ended; one that fails before it begins is an error', async () => {
    give(20, { broken: true });
    const { socket, received } = open();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(received()).toContain('HTTP/1.1 200 OK');
    expect(received().endsWith('\r\n0\r\n\r\n')).toBe(false);
    give(20, { broken: true });
    await expect(ask().then((answer) => answer.text())).rejects.toThrow();
    give(0, { broken: true });
    expect((await ask()).status).toBe(500);
  });
});
