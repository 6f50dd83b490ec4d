import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { StartRefused } from '../../src/base/errors.ts';
import { listen } from '../../src/server/listen.ts';
import type { TemplatedApp, Uws } from '../../src/server/uws.ts';
import { startFakeServer } from '../../support/fake-server.ts';
import { until } from '../../support/poll.ts';

describe('a start', () => {
  it('is refused with a sentence where the port is taken, by one of us too', async () => {
    const first = await startFakeServer();
    const { port } = first.running;
    await expect(startFakeServer({ port })).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${port}: another process has that port. Stop it, or set SLUICE_PORT to a free one.`,
    );
    await first.running.close();
    const again = await startFakeServer({ port });
    await again.running.close();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    await expect(startFakeServer({ port })).rejects.toBeInstanceOf(StartRefused);
    other.close();
  });

  it('is refused with a sentence where the address is not of this machine', async () => {
    await expect(startFakeServer({ host: '203.0.113.7' })).rejects.toThrow('no such address');
  });
});

describe.runIf(process.platform === 'linux')('a library whose sockets cannot be given a small receive buffer', () => {
  it('is refused with a sentence, and its sockets are closed, unless it needs none', async () => {
    let open = 0;
    // What it says is its port has no socket of this process.
    const uws = {
      us_socket_local_port: () => 1,
      us_listen_socket_close: () => {
        open -= 1;
      },
    } as unknown as Uws; // the two calls that are made
    const heard = (...given: unknown[]): void => {
      open += 1;
      (given.at(-1) as (socket: object) => void)({}); // as uWebSockets.js calls back
    };
    const app = { listen: heard } as unknown as TemplatedApp; // the one call that is made
    const start = (needsSmallBuffer: boolean) => listen({ uws, needsSmallBuffer, warning: null }, app, '127.0.0.1', 1);
    await expect(start(true)).rejects.toThrow(/receive buffer .* cannot be limited \(they were not found.*npm ci/);
    await expect(start(true)).rejects.toBeInstanceOf(StartRefused);
    expect(open).toBe(0);
    (await start(false)).stop();
    expect(open).toBe(0);
  });
});

describe.runIf(process.platform === 'linux')('a crowd that comes at once', () => {
  it('is let in at once, and none of it must ask again', async () => {
    const { running } = await startFakeServer();
    let connected = 0;
    const crowd = Array.from({ length: 1_500 }, () => {
      return connect(running.port, '127.0.0.1', () => {
        connected += 1;
      });
    });
    // The connections are asked for in ticks before this one; the server, in this same thread, has had no turn yet.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    expect(unheard(running.port)).toBe(0);
    await until('all are connected', () => connected === crowd.length || undefined);
    for (const socket of crowd) socket.destroy();
    await running.close();
  });
});

/** Connections to a port of this machine that were asked for, and that the system has not taken up. */
function unheard(port: number): number {
  const to = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 02`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter((line) => line.includes(to)).length;
}
