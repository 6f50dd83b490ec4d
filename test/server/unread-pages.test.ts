/**
 * Answers wait for their readers within one bound (I4): held once, written as they are taken, whole or cut off, never
 * half and whole-looking.
 */
import { connect, type Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type AnswerCounters, createAnswerBudget } from '../../src/server/answer-budget.ts';
import { ask, serverOfEachTest, until } from '../../support/fake-server.ts';

const mebibyte = 1024 * 1024;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A page of so many events of a MiB, each told as it is read. */
const event = (nth: number): string => `{"nth":${nth},"text":"${'é'.repeat(mebibyte / 2 - 100)}"}`;
const events = Array.from({ length: 30 }, (_, nth) => event(nth));
const wholePage = (count: number): string =>
  `{"events":[${events.slice(0, count).join(',')}],"total":${count},"next_page":null}`;

const each = serverOfEachTest();
async function start(answersBytesMax: number, count: number): Promise<number> {
  const port = await each.start({ answersBytesMax });
  each.server.fakes.queries.readFirstPage = async (_request, _reader, _signal, taken) => {
    const rows = events.slice(0, count);
    for (const row of rows) taken(Buffer.byteLength(row));
    return { events: rows, total: count, token: null };
  };
  return port;
}

const request =
  'POST /api/events/filter HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}';

/** Asks for a page and reads nothing of it until told to. */
function askUnread(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(request);
  return socket;
}

describe('a long answer', () => {
  it('is the same, read at once, read late, or packed, and its connection goes on', async () => {
    const port = await start(100 * mebibyte, 20);
    const headers = { 'content-type': 'application/json' };
    const plain = await ask(port, 'POST', '/api/events/filter', { body: '{}', headers });
    expect(plain.headers['content-length']).toBe(String(Buffer.byteLength(wholePage(20))));
    expect(plain.text === wholePage(20)).toBe(true);
    const packed = await ask(port, 'POST', '/api/events/filter', {
      body: '{}',
      headers: { ...headers, 'accept-encoding': 'gzip' },
    });
    expect([packed.headers['content-encoding'], packed.headers.vary]).toEqual(['gzip', 'Accept-Encoding']);
    expect(gunzipSync(packed.bytes).toString() === wholePage(20)).toBe(true);
    const late = askUnread(port);
    await until(() => each.server.counters.answerBytes > mebibyte, 'it waits');
    const chunks: Buffer[] = [];
    let bytes = 0;
    late.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
    });
    late.resume();
    await until(() => bytes > Buffer.byteLength(wholePage(20)), 'it is read');
    expect(Buffer.concat(chunks).toString().endsWith(wholePage(20))).toBe(true);
    await until(() => each.server.counters.answerBytes === 0, 'nothing is held');
    late.write('GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => chunks.at(-1)?.toString().endsWith('true') === true, 'the connection goes on');
  });

  it(
    'that nobody reads is held within the bound: others are refused by name, then the slowest ' + 'are cut off',
    async () => {
      const port = await start(60 * mebibyte, 25);
      const { counters } = each.server;
      const closed: Socket[] = [];
      const unread = [askUnread(port), askUnread(port)];
      for (const socket of unread) socket.on('close', () => closed.push(socket));
      await until(() => counters.answerBytes > 30 * mebibyte, 'both wait');
      const headers = { 'content-type': 'application/json' };
      const refused = await ask(port, 'POST', '/api/events/filter', { body: '{}', headers });
      expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
      expect(counters.answerBytes).toBeLessThan(60 * mebibyte);
      expect([counters.answersRefused, counters.answersStalled]).toEqual([1, 0]);
      // They were given their time.
      let status = 0;
      await until(() => {
        if (status !== 0) return status === 200;
        status = -1;
        const again = ask(port, 'POST', '/api/events/filter', { body: '{}', headers });
        again.then(
          (answer) => {
            status = answer.status === 200 ? 200 : 0;
          },
          () => undefined,
        );
        return false;
      }, 'another is answered');
      expect(counters.answersStalled).toBeGreaterThan(0);
    },
  );

  it('whose client leaves is not held any more', async () => {
    const port = await start(100 * mebibyte, 25);
    const socket = askUnread(port);
    await until(() => each.server.counters.answerBytes > 10 * mebibyte, 'it waits');
    socket.destroy();
    await until(() => each.server.counters.answerBytes === 0, 'it is let go');
  });
});

describe('the budget of answers', () => {
  it('cuts off the slowest, and only after its time; one alone is always let through', () => {
    const counters: AnswerCounters = { answerBytes: 0, answersRefused: 0, answersStalled: 0 };
    let nowMs = 0;
    const budget = createAnswerBudget(100_000, counters, () => nowMs);
    const cut: string[] = [];
    const writes = (name: string, bytes: number) => {
      const share = budget.begin();
      share.add(bytes);
      share.write(bytes, () => {
        cut.push(name);
        share.release();
      });
      return share;
    };
    const alone = writes('alone', 1_000_000);
    expect(() => budget.begin().add(1)).toThrow(expect.objectContaining({ failure: 'tooManyAnswerBytes' }));
    alone.release();
    writes('slow', 50_000);
    const quick = writes('quick', 50_000);
    nowMs = 1_000;
    expect(() => budget.begin().add(1)).toThrow('Too many answers');
    nowMs = 2_500;
    quick.taken(200_000);
    budget.begin().add(90_000);
    expect(cut).toEqual(['slow']);
    expect(counters).toEqual({ answerBytes: 90_000, answersRefused: 2, answersStalled: 1 });
  });
});
