/** `sluice token` at one of two gateways: what it makes and revokes holds at both, and without NATS what there was. */
import { describe, expect, it } from 'vitest';
import { runBare } from '../../support/bare-sluice.ts';
import { until } from '../../support/poll.ts';
import type { TestSluice } from '../../support/sluice.ts';
import { subscribe } from '../../support/wire-client.ts';
import { type Cluster, installed, targetOf } from './cluster.ts';
import { withCluster } from './with-cluster.ts';

const waitMs = 60_000;

describe.skipIf(!installed.found)('tokens of gateways that share a log', () => {
  let cluster: Cluster;
  let one: TestSluice;
  let other: TestSluice;

  withCluster(async (started) => {
    cluster = started;
    one = await cluster.gateway('one', { SLUICE_AUTH_STRING: 'root:secret' });
    other = await cluster.gateway('other', { SLUICE_AUTH_STRING: 'root:secret' });
  });

  async function token(id: string, words: readonly string[], env = cluster.env(id)) {
    const ran = runBare({ env: { ...env, SLUICE_DATA_DIR: cluster.dataDir(id) }, words: ['token', ...words] });
    return { code: await ran.ended, output: ran.output() };
  }
  const statusOf = async (gateway: TestSluice, secret: string): Promise<number> => {
    const headers = { authorization: `Bearer ${secret}` };
    return (await fetch(`${gateway.url}/api/version`, { headers })).status;
  };
  const untilStatus = (gateway: TestSluice, secret: string, status: number): Promise<true> =>
    until(`${status}`, async () => ((await statusOf(gateway, secret)) === status ? true : undefined), waitMs);

  it('hold at all of them, and are closed at all of them', async () => {
    const made = await token('one', ['create', '--name', 'ci', '--read']);
    const secret = /^sluice_\S+$/m.exec(made.output)?.[0] ?? expect.unreachable(made.output);
    expect(made.output).toContain('It holds at all gateways.');
    for (const gateway of [one, other]) await untilStatus(gateway, secret, 200);
    expect((await token('other', ['list'])).output).toMatch(/living {2}ci {2}read/);
    expect((await token('other', ['create', '--name', 'ci', '--read'])).output).toContain('a living token ci already');

    const reader = await subscribe({ ...targetOf(one), authString: secret }, {}, { positions: true });
    await until('caught up', () => reader.frames().some(({ type }) => type === 'caught_up') || undefined, waitMs);
    expect((await token('other', ['revoke', 'ci'])).code).toBe(0);
    for (const gateway of [one, other]) await untilStatus(gateway, secret, 401);
    expect((await reader.closed).code).toBe(1008);
  }, 300_000);

  it('are neither made nor revoked while NATS is away, and hold on', async () => {
    const { output } = await token('one', ['create', '--name', 'kept', '--read']);
    const secret = /^sluice_\S+$/m.exec(output)?.[0] ?? expect.unreachable(output);
    await untilStatus(other, secret, 200);
    await cluster.killNats();
    for (const words of [
      ['create', '--name', 'new', '--read'],
      ['revoke', 'kept'],
    ]) {
      const { code, output: said } = await token('other', words);
      expect([code, said]).toEqual([1, expect.stringContaining('Without it no token is made or revoked')]);
    }
    expect((await token('other', ['list'])).output).toMatch(/living {2}kept {2}read/);
    await other.stop();
    const again = await cluster.gateway('other', { SLUICE_AUTH_STRING: 'root:secret' });
    await untilStatus(again, secret, 200);
    const { output: unset } = await token('other', ['create', '--name', 'new', '--read'], {} as Record<string, string>);
    expect(unset).toContain('set SLUICE_LOG and the other settings of a gateway');
    await cluster.startNats();
    const aged = /^sluice_gateway_tokens_age_seconds (\S+)$/m;
    const headers = { authorization: `Basic ${Buffer.from('root:secret').toString('base64')}` };
    await until(
      'the copy is confirmed',
      async () => {
        const text = await (await fetch(`${again.url}/metrics`, { headers })).text();
        return Number(aged.exec(text)?.[1]) < 5 ? true : undefined;
      },
      waitMs,
    );
  }, 300_000);
});
