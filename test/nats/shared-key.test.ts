/** The key that all gateways see, on a real NATS server: written by one at a time. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { openSharedKey } from '../../src/nats/shared-key.ts';
import { firstState } from '../../src/table-writer/open-writer-state.ts';
import { WriterLease } from '../../src/table-writer/writer-lease.ts';
import { describeNats } from './describe-nats.ts';

describeNats('NATS', (world) => {
  it('keeps a key that changes only from the newest revision on', async () => {
    const key = await openSharedKey(world.nats, { bucket: 'STATE', name: 'writer', replicas: 1 });
    expect(await key.read()).toBeNull();
    const first = await key.write('one', 0);
    expect(await key.read()).toEqual({ text: 'one', revision: first });
    expect(await key.write('two', 0)).toBeNull();
    const second = (await key.write('two', first ?? 0)) ?? 0;
    expect(second).toBeGreaterThan(first ?? 0);
    expect(await key.write('three', first ?? 0)).toBeNull();
    const again = await openSharedKey(world.nats, { bucket: 'STATE', name: 'writer', replicas: 1 });
    expect(await again.read()).toEqual({ text: 'two', revision: second });
  });

  it('has one holder of the lease at a time, and what one has kept is what the next one finds', async () => {
    const key = await openSharedKey(world.nats, { bucket: 'STATE', name: 'lease', replicas: 1 });
    const lease = (holder: string): WriterLease =>
      new WriterLease({
        ...{ key, holder, nonce: () => randomUUID(), elapsedMs: () => performance.now(), leaseMs: 200 },
        pause: () => new Promise((resolve) => setTimeout(resolve, 50)),
      });
    const holders = ['one', 'two', 'three'].map(lease);
    const looks = await Promise.all(holders.map((each) => each.look()));
    expect(looks.filter((isHeld) => isHeld)).toHaveLength(1);
    const first = holders.find(({ isHeld }) => isHeld) ?? expect.unreachable();
    const state = firstState({ epoch: 'e', checkpoint: 7 });
    await first.save(state);
    const next = holders.find(({ isHeld }) => !isHeld) ?? expect.unreachable();
    while (!(await next.look())) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await next.load()).toEqual(state);
    await expect(first.save(state)).rejects.toThrow('another gateway');
  });
});
