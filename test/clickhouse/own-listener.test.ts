/**
 * Secrets go only to a listener of our own user: another user of the machine may have taken the port.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { listenerOf } from '../../src/clickhouse/own-listener.ts';

const nobody = 65_534;
const isLinuxRoot = process.platform === 'linux' && process.getuid?.() === 0;

test('a port on which we listen is ours, and is nobody’s when we have closed it', async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has no other address
  expect(await listenerOf(port)).toBe('ours');
  server.close();
  await once(server, 'close');
  expect(await listenerOf(port)).toBe('nobody');
});

test.skipIf(!isLinuxRoot).each(['127.0.0.1', '0.0.0.0', '::'])(
  'a port on which another user listens, at %s, is not ours',
  async (host) => {
    const source = `const server = require('node:net').createServer().listen(0, '${host}', () => console.log(server.address().port))`;
    const stranger = spawn(process.execPath, ['-e', source], { cwd: '/', env: {}, uid: nobody, gid: nobody });
    try {
      const [text] = await once(stranger.stdout, 'data');
      expect(await listenerOf(Number(text))).toBe('another');
    } finally {
      stranger.kill('SIGKILL');
      await once(stranger, 'exit');
    }
  },
);
