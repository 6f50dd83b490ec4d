/** The key of the gateway that forwards, on a real NATS: where forwarding begins, and what is given up. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { clusterText } from '../../src/commands/cluster-text.ts';
import { faultsOfCluster } from '../../src/gateway/cluster-faults.ts';
import { clusterStatus } from '../../src/gateway/cluster-status.ts';
import { beginForwarding, parseForwarder, placeText } from '../../src/gateway/forwarder-lease.ts';
import { skipForwarding } from '../../src/gateway/skip-forwarding.ts';
import { openStream } from '../../src/nats/open-stream.ts';
import { openSharedKey } from '../../src/nats/shared-key.ts';
import { describeNats } from '../nats/describe-nats.ts';

const word = { version: 1, spool: 'a', applied: 0, waiting: 0, sums: [], rules: 1, oldest: 1 };

describeNats('the key of the gateway that forwards', (world) => {
  const keyOf = (log: string, name: string) => openSharedKey(world.nats, { bucket: `${log}_STATE`, name, replicas: 1 });
  const now = () => new Date('2026-11-30T12:00:00Z');

  async function logNamed(name: string, heads: readonly number[]): Promise<void> {
    const wish = { name, replicas: 1, bytesMax: 2 ** 24, idsMax: 1_000, epoch: randomUUID(), firstSeq: 7 };
    await openStream(world.nats, wish);
    for (const [nth, head] of heads.entries()) {
      await (await keyOf(name, `gateway.g${nth}`)).write(JSON.stringify({ ...word, head }), 0);
    }
  }

  it('begins behind all that any gateway has, and stays where it is from then on', async () => {
    await logNamed('BEGUN', [12, 40]);
    const key = await keyOf('BEGUN', 'forwarder');
    const warned: unknown[] = [];
    const log = { warn: (fact: unknown) => void warned.push(fact) };
    const parts = { nats: world.nats, bucket: 'BEGUN_STATE', key, log };
    await beginForwarding(parts, 20);
    await beginForwarding(parts, 99);
    expect(warned).toEqual([{ after: 40 }]);
    const place = { confirmed: 40, maybeSentUpTo: 40, skipped: [] };
    expect(parseForwarder((await key.read())?.text ?? '')).toMatchObject({ holder: '', term: 0, state: place });
  });

  it('lets what waits be given up, while gateways run, and says what that was', async () => {
    await logNamed('SKIPPED', [30, 50]);
    await expect(skipForwarding({ nats: world.nats, name: 'SKIPPED', now })).rejects.toThrow('Nothing was ever');
    const key = await keyOf('SKIPPED', 'forwarder');
    const held = JSON.parse(placeText(4, { confirmed: 20, maybeSentUpTo: 60, skipped: [] })) as object;
    const revision = await key.write(JSON.stringify({ ...held, holder: 'g1' }), 0);
    const done = await skipForwarding({ nats: world.nats, name: 'SKIPPED', now });
    expect(done).toEqual({ text: expect.stringContaining('from seq 21 to 50 are not forwarded'), isSkipped: true });
    const skipped = [{ first: 21, last: 50, at: now().toISOString() }];
    expect(parseForwarder((await key.read())?.text ?? '')).toMatchObject({
      ...{ holder: '', term: 5 },
      state: { confirmed: 50, maybeSentUpTo: 60, skipped },
    });
    // Who had it can keep nothing any more.
    expect(await key.write('late', revision ?? 0)).toBeNull();
    const again = await skipForwarding({ nats: world.nats, name: 'SKIPPED', now });
    expect(again).toEqual({ text: expect.stringContaining('Nothing waits'), isSkipped: false });
  });

  it('is told where events are forwarded, and that nobody does', async () => {
    await logNamed('TOLD', [50]);
    await (await keyOf('TOLD', 'forwarder')).write(placeText(3, { confirmed: 20, maybeSentUpTo: 20, skipped: [] }), 0);
    expect((await clusterStatus(world.nats, 'TOLD')).forwarder).toBeNull();
    await (await keyOf('TOLD', 'settings')).write('{"prefectUrl":"http://prefect:4200"}', 0);
    const status = await clusterStatus(world.nats, 'TOLD');
    expect(status.forwarder).toMatchObject({ holder: '', term: 3, confirmed: 20 });
    expect(clusterText(status, [])).toContain('forwarder   nobody, term 3, 30 seqs not confirmed by Prefect');
    const late = { ...status, forwarder: { holder: '', term: 3, confirmed: 20, silentMs: 31_000 } };
    expect(faultsOfCluster(late)).toContain('No gateway forwards to Prefect.');
    const [line] = status.gateways;
    if (line === undefined) throw new Error('no gateway is told');
    const begunAnew = { ...line, id: 'g2', state: 'living', oldest: 40 } as const;
    const away = { ...late, gateways: [{ ...line, state: 'silent' } as const, begunAnew] };
    expect(faultsOfCluster(away).join()).toContain(
      'No gateway forwards to Prefect: events from seq 21 on are left to g0',
    );
    const silent = { ...late, forwarder: { ...late.forwarder, holder: 'g0' } };
    expect(faultsOfCluster(silent)).toContain('Gateway g0 forwards to Prefect, and its key is unchanged for 31 s.');
  });
});
