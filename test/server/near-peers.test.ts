/**
 * Near peers are given a smaller receive buffer, and nobody else: what that brings is seen in fast-producer.test.ts.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { describe, expect, it } from 'vitest';
import { NearPeers, nearBufferBytes } from '../../src/server/near-peers.ts';
import { limitReceiveBuffers, receiveBufferBytes } from '../../src/server/receive-buffer.ts';
import { until } from '../../support/fake-server.ts';
import { receiveBuffersOf } from '../../support/receive-buffers.ts';

async function listening(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  limitReceiveBuffers(portOf(server));
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port; // it listens on a port

describe.runIf(process.platform === 'linux')('the receive buffers of near peers', () => {
  it('become smaller, each once; those of listening sockets and of other ports do not', async () => {
    const servers = [await listening(), await listening()];
    const [ours, other] = servers;
    if (ours === undefined || other === undefined) throw new Error('two listen');
    let accepted = 0;
    for (const server of servers) {
      server.on('connection', () => {
        accepted += 1;
      });
    }
    const peers = [ours, ours, other].map((server) => connect(portOf(server), '127.0.0.1'));
    await until(() => accepted === 3, 'all are accepted');
    const near = new NearPeers(portOf(ours));
    expect(near.narrow()).toBe(2);
    expect(receiveBuffersOf(portOf(ours))).toEqual([nearBufferBytes, nearBufferBytes, receiveBufferBytes]);
    expect(receiveBuffersOf(portOf(other))).toEqual([receiveBufferBytes, receiveBufferBytes]);
    expect(near.narrow()).toBe(0);
    peers.push(connect(portOf(ours), '127.0.0.1'));
    await until(() => accepted === 4, 'one more is accepted');
    expect(near.narrow()).toBe(1);
    for (const server of servers) server.close();
    for (const peer of peers) peer.destroy();
  });
});
