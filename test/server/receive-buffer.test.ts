/**
 * The receive buffers of a port's sockets are limited, and those of no other: what it brings is seen in
 * fast-producer.test.ts.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { describe, expect, it } from 'vitest';
import { limitReceiveBuffers } from '../../src/server/receive-buffer.ts';
import { until } from '../../support/fake-server.ts';

async function listening(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port; // it listens on a port

describe.runIf(process.platform === 'linux')('limited receive buffers', () => {
  it('are those of one port: of its listening socket and of the ones that it has accepted', async () => {
    const [ours, other] = [await listening(), await listening()];
    let accepted = 0;
    ours.on('connection', () => {
      accepted += 1;
    });
    const peers = [0, 1].map(() => connect(portOf(ours), '127.0.0.1'));
    await until(() => accepted === 2, 'both are accepted');
    expect(limitReceiveBuffers(portOf(ours))).toBe(3);
    expect(limitReceiveBuffers(portOf(other))).toBe(1);
    for (const server of [ours, other]) server.close();
    for (const peer of peers) peer.destroy();
  });

  it('are found of no port that nobody has', () => expect(limitReceiveBuffers(1)).toBe(0));
});
