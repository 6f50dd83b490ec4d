/** The rules of a shared log on a real NATS server: changed only where all that live know the next ones. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { clusterStatus } from '../../src/gateway/cluster-status.ts';
import { upgradeLog } from '../../src/gateway/upgrade-log.ts';
import { infoOf, openStream, subjectOfControl } from '../../src/nats/open-stream.ts';
import { openSharedKey } from '../../src/nats/shared-key.ts';
import { newestOf } from '../../src/nats/stored-message.ts';
import { productRules } from '../../src/shared-log/apply-rules.ts';
import { decodeBlock } from '../../src/shared-log/block.ts';
import { describeNats } from '../nats/describe-nats.ts';

const rules1 = productRules.get(1) ?? expect.unreachable();
/** Of this test alone. */
const table = new Map([
  [1, rules1],
  [2, rules1],
]);

describeNats('the rules of a shared log', (world) => {
  async function logNamed(name: string): Promise<void> {
    const wish = { name, replicas: 1, bytesMax: 2 ** 24, idsMax: 1_000, epoch: randomUUID(), firstSeq: 7 };
    await openStream(world.nats, wish);
  }

  /** A gateway says that, and lives or has ended. */
  async function says(name: string, id: string, more: Record<string, unknown>): Promise<void> {
    const key = await openSharedKey(world.nats, { bucket: `${name}_STATE`, name: `gateway.${id}`, replicas: 1 });
    const word = { version: 1, spool: 'a', applied: 0, waiting: 0, sums: [], head: 0, rules: 1, ...more };
    await key.write(JSON.stringify(word), (await key.read())?.revision ?? 0);
  }
  const upgrade = async (name: string, more: object = {}) =>
    (await upgradeLog({ nats: world.nats, name, ...more })).text;
  const inForce = async (name: string) => (await infoOf(world.nats, name))?.config.metadata?.['sluice.rules'];

  it('stay where this version knows no next ones', async () => {
    await logNamed('NEWEST');
    await says('NEWEST', 'one', {});
    expect(await upgrade('NEWEST')).toBe(
      'There is nothing to upgrade: all know rules 1 only, and so does this Sluice.',
    );
    expect((await clusterStatus(world.nats, 'NEWEST')).log).toMatchObject({ rules: 1, last: 0 });
  });

  it('stay while one that lives does not know the next ones, and it is named', async () => {
    await logNamed('MIXED');
    await expect(upgrade('MIXED', { table })).rejects.toThrow('No gateway lives');
    await says('MIXED', 'new', { knows: 2 });
    await says('MIXED', 'old', {});
    await says('MIXED', 'gone', { hasEnded: true });
    await expect(upgrade('MIXED', { table })).rejects.toThrow('do not know rules 2: old.');
    expect((await clusterStatus(world.nats, 'MIXED')).log).toMatchObject({ rules: 1, last: 0 });
  });

  it('are changed by one message, also where the command breaks off behind it', async () => {
    await logNamed('NEXT');
    await says('NEXT', 'one', { knows: 2 });
    const applied = () => says('NEXT', 'one', { knows: 2, rules: 2, applied: 1 });
    expect(await upgrade('NEXT', { table, pause: applied })).toContain('From message 1 on');
    const sent = await newestOf(world.nats.manager, 'NEXT', subjectOfControl('NEXT'));
    expect(decodeBlock(Buffer.from(sent?.data ?? []))).toEqual({ rulesBefore: 1, rules: 2 });
    expect(await inForce('NEXT')).toBe('2');
    // This version does not know them.
    const wish = { name: 'NEXT', replicas: 1, bytesMax: 2 ** 24, idsMax: 1_000, epoch: '', firstSeq: 7 };
    await expect(openStream(world.nats, wish)).rejects.toThrow('is applied by rules 2, and this Sluice knows 1');

    await logNamed('BROKEN');
    await says('BROKEN', 'one', { knows: 2, rules: 2 });
    expect(await upgrade('BROKEN', { table })).toContain('nothing to upgrade');
    expect(await inForce('BROKEN')).toBe('2');
  });

  it('stay, and nothing is said of what all know, where the command is of an older version', async () => {
    await logNamed('OLDER');
    await says('OLDER', 'one', { knows: 2 });
    await expect(upgrade('OLDER')).rejects.toThrow('The gateways know rules 2, and this Sluice knows 1: run the');
    expect((await clusterStatus(world.nats, 'OLDER')).log).toMatchObject({ rules: 1, last: 0 });
  });
});
