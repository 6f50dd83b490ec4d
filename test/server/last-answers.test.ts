/**
 * The last answer of a connection, while the server stops: it says that the connection closes, and its length once.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { serverOfEachTest, until } from '../../support/fake-server.ts';

const served = serverOfEachTest();

function requestOf(line: string): string {
  const body = line.startsWith('POST') ? '[]' : '';
  return (
    `${line} HTTP/1.1\r\nHost: a\r\ncontent-type: ` +
    `application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  );
}

describe('an answer behind which the connection closes', () => {
  it.each([
    ['HEAD /api/events', 405, 31],
    ['HEAD /api/health', 405, 31],
    ['POST /api/events', 204, 0],
    ['GET /api/health', 200, 4],
    ['POST /api/events/?a', 307, 0],
  ])('to %s has status %i, one length (%i), and one word of the close', async (line, status, length) => {
    const socket = connect(await served.start(), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    const closed = once(socket, 'end');
    socket.write(requestOf('GET /api/health'));
    await until(() => text.endsWith('true'), 'the connection is in use');
    served.server.running.stopListening();
    text = '';
    socket.write(requestOf(line));
    await closed;
    socket.destroy();
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const lengths = [...text.matchAll(/^content-length: (\d+)\r$/gim)].map(([, digits]) => Number(digits));
    expect(lengths).toEqual([length]);
    expect(text.match(/^connection: close\r$/gim)).toHaveLength(1);
  });
});
