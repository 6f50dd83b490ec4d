import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { StartRefused } from '../../src/errors.ts';
import { loadUws } from '../../src/server/uws.ts';
import { startFakeServer } from '../support/fake-server.ts';

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

  it('is refused with the pairs that are supported where uWebSockets.js does not load', async () => {
    const load = () => Promise.reject(new Error('no binary'));
    await expect(loadUws(load)).rejects.toThrow(/Node 20 or 21 with glibc 2\.27 or newer/);
    await expect(loadUws(load)).rejects.toBeInstanceOf(StartRefused);
  });
});
