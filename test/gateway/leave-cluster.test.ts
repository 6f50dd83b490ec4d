/** How gateways stand, and letting one go, on a real NATS server: never one that lives, or has what nobody else has. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { faultsOfCluster } from '../../src/gateway/cluster-faults.ts';
import { clusterStatus } from '../../src/gateway/cluster-status.ts';
import { GatewayClaim, type GatewayWord } from '../../src/gateway/gateway-claim.ts';
import { leaveCluster } from '../../src/gateway/leave-cluster.ts';
import { openStream } from '../../src/nats/open-stream.ts';
import { openSharedKey, sharedKey } from '../../src/nats/shared-key.ts';
import { silentLog } from '../../support/engine.ts';
import { describeNats } from '../nats/describe-nats.ts';
import { quietWord } from './quiet-word.ts';

/** Each starts once more on its folder. */
let runs = 0;

describeNats('a shared log', (world) => {
  const pause = () => Promise.resolve();

  async function logNamed(name: string): Promise<void> {
    const wish = { name, replicas: 1, bytesMax: 2 ** 24, idsMax: 1_000, epoch: randomUUID(), firstSeq: 7 };
    await openStream(world.nats, wish);
  }

  async function claimOf(name: string, id: string, more: Partial<GatewayWord> = {}): Promise<GatewayClaim> {
    const key = await openSharedKey(world.nats, { bucket: `${name}_STATE`, name: `gateway.${id}`, replicas: 1 });
    runs += 1;
    const word = () => ({ ...quietWord, spool: 'a', spoolHead: 0, run: runs, ...more });
    const run = { nonce: randomUUID(), keep: () => undefined };
    const claim = new GatewayClaim({
      ...{ id, key, pause, word, run, foundHead: 0, log: silentLog },
      lost: () => undefined,
    });
    await claim.take();
    return claim;
  }

  it('tells of each gateway how far it is, and what is wrong with it', async () => {
    await logNamed('TOLD');
    await claimOf('TOLD', 'two', { waiting: 3, fault: 'It went back.', waits: 'It waits.' });
    await (await claimOf('TOLD', 'one', { waiting: 2 })).end();
    await (await claimOf('TOLD', 'three', { applied: 5, sums: [{ upTo: 9, sum: 1 }] })).end();
    await (await claimOf('TOLD', 'four', { rules: 2, sums: [{ upTo: 9, sum: 2 }] })).end();
    const later = sharedKey(world.nats, { bucket: 'TOLD_STATE', name: 'gateway.newer' });
    await later.write('{"version":2}', 0);
    const status = await clusterStatus(world.nats, 'TOLD');
    expect(status.log).toMatchObject({ name: 'TOLD', firstSeq: 7, rules: 1, idsMax: 1_000, first: 1, last: 0 });
    expect(status.gateways.map(({ id, state, waiting }) => [id, state, waiting])).toEqual([
      ['four', 'ended', 0],
      ['one', 'ended', 2],
      ['three', 'ended', 0],
      ['two', 'living', 3],
    ]);
    expect(faultsOfCluster(status)).toEqual([
      'No gateway writes into ClickHouse.',
      'Gateway four applies by rules 2, the shared log is by 1.',
      'Gateway one was stopped; 2 events of its spool may not be in the shared log.',
      'Gateway three has applied message 5, and the stream ends at 0: it went back.',
      'Gateway two takes nothing: It went back.',
      'Gateway two: It waits.',
      'The replicas of four and three differ before seq 10.',
      'What gateway newer says cannot be read here: it is of another version of Sluice.',
    ]);
  });

  it('lets a gateway go that was stopped with an empty spool, and its name is free then', async () => {
    await logNamed('LEFT');
    const claim = await claimOf('LEFT', 'one');
    await claim.end();
    await leaveCluster({ nats: world.nats, name: 'LEFT', id: 'one', isLost: false });
    expect((await clusterStatus(world.nats, 'LEFT')).gateways).toEqual([]);
    await expect(leaveCluster({ nats: world.nats, name: 'LEFT', id: 'one', isLost: false })).rejects.toThrow(
      'knows no gateway one',
    );
    (await claimOf('LEFT', 'one')).stop();
    expect((await clusterStatus(world.nats, 'LEFT')).gateways).toMatchObject([{ id: 'one', state: 'living' }]);
  });

  it('does not let a gateway go that lives, that has died, or whose spool is not empty', async () => {
    await logNamed('KEPT');
    const told: string[] = [];
    const leave = (id: string, isLost = false, whilePausing = pause) =>
      leaveCluster({
        ...{ nats: world.nats, name: 'KEPT', id, isLost, pause: whilePausing },
        says: (sentence) => told.push(sentence),
      });
    const says = async (): Promise<void> => {
      const key = sharedKey(world.nats, { bucket: 'KEPT_STATE', name: 'gateway.alive' });
      const found = await key.read();
      await key.write(found?.text ?? '', found?.revision ?? 0);
    };
    (await claimOf('KEPT', 'alive')).stop();
    for (const isLost of [false, true]) await expect(leave('alive', isLost, says)).rejects.toThrow('lives: stop it');
    (await claimOf('KEPT', 'dead')).stop();
    await expect(leave('dead')).rejects.toThrow('was not stopped but has died');
    expect(told).toEqual(expect.arrayContaining([expect.stringContaining('Gateway dead has not said')]));
    await (await claimOf('KEPT', 'full', { waiting: 4 })).end();
    await expect(leave('full')).rejects.toThrow('holds 4 events that the shared log may not have');
    await Promise.all([leave('dead', true), leave('full', true)]);
    expect((await clusterStatus(world.nats, 'KEPT')).gateways.map(({ id }) => id)).toEqual(['alive']);
    await expect(leaveCluster({ ...{ nats: world.nats, name: 'NONE', id: 'one', isLost: false } })).rejects.toThrow(
      'There is no shared log NONE there',
    );
  });
});
