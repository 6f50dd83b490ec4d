/** Tokens that gateways share, on a real NATS server: known at all, and not lost by a key that went back. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { noLimits } from '../../src/access/identity.ts';
import { hashOfToken, makeToken } from '../../src/access/made-token.ts';
import { changeTokens, contentOf, readTokens } from '../../src/access/token-file.ts';
import type { TokenRecord } from '../../src/access/token-record.ts';
import { FollowedTokens } from '../../src/gateway/follow-tokens.ts';
import { tokensKey } from '../../src/gateway/join-log.ts';
import { changeShared, readShared } from '../../src/gateway/shared-tokens.ts';
import { silentLog } from '../../support/engine.ts';
import { until } from '../../support/poll.ts';
import { describeNats } from '../nats/describe-nats.ts';

function newRecord(): TokenRecord {
  const { id, token } = makeToken();
  return {
    ...{ id, name: `of ${id}`, hash: hashOfToken(token), rights: ['read'] as const, filter: null, label: null },
    ...{ limits: noLimits, made: '2026-11-29T00:00:00.000Z', expires: null, revoked: null },
  };
}

const idsIn = (records: readonly TokenRecord[]): string[] => records.map(({ id }) => id).sort();

describeNats('the tokens of several gateways', (world) => {
  const followed: FollowedTokens[] = [];
  afterEach(() => {
    for (const each of followed.splice(0)) each.stop();
  });

  const keyOf = (name: string) => tokensKey(world.nats, { name, replicas: 1 });

  async function gateway(name: string): Promise<{ dataDir: string; tokens: FollowedTokens }> {
    const dataDir = mkdtempSync(join(world.root, 'gateway-'));
    const tokens = new FollowedTokens({ dataDir, elapsedMs: () => performance.now(), log: silentLog });
    followed.push(tokens);
    await tokens.begin(await keyOf(name));
    return { dataDir, tokens };
  }

  it('are in each copy, also those that a folder had before, and stay revoked', async () => {
    const key = await keyOf('ALL');
    const first = await gateway('ALL');
    const own = newRecord();
    const made = newRecord();
    await changeTokens(first.dataDir, () => [own]);
    await changeShared(key, (records) => [...records, made]);
    await first.tokens.begin(key);
    expect(idsIn(readTokens(first.dataDir))).toEqual(idsIn([own, made]));
    const second = await gateway('ALL');
    expect(idsIn(readTokens(second.dataDir))).toEqual(idsIn([own, made]));
    const before = (await key.read())?.text ?? '';
    const revoked = '2026-11-30T00:00:00.000Z';
    await changeShared(key, (records) => records.map((each) => (each.id === own.id ? { ...each, revoked } : each)));
    const endAt = (dataDir: string) => readTokens(dataDir).find(({ id }) => id === own.id)?.revoked;
    for (const { dataDir } of [first, second]) await until('it is revoked', () => endAt(dataDir) ?? undefined);
    // NATS went back: the copies know better.
    await key.write(before, (await key.read())?.revision ?? 0);
    const kept = async () => (await readShared(key)).tokens.find(({ id }) => id === own.id)?.revoked ?? undefined;
    expect(await until('it is revoked again', kept, 60_000)).toBe(revoked);
    expect(first.tokens.ageSeconds).toBeLessThan(60);
  }, 150_000);

  it('survive twenty changes at once', async () => {
    const key = await keyOf('BUSY');
    const made = Array.from({ length: 20 }, newRecord);
    await Promise.all(made.map((record) => changeShared(key, (records) => [...records, record])));
    expect(idsIn((await readShared(key)).tokens)).toEqual(idsIn(made));
  });

  it('leave a copy as it is that this version cannot read, or whose key it cannot', async () => {
    const key = await keyOf('NEWER');
    const { dataDir, tokens } = await gateway('NEWER');
    const own = newRecord();
    await changeTokens(dataDir, () => [own]);
    await key.write('{"version":2}', 0);
    await expect(tokens.begin(key)).rejects.toThrow('a version that this Sluice does not know');
    expect(idsIn(readTokens(dataDir))).toEqual([own.id]);
    await key.write(JSON.stringify(contentOf([newRecord()])), (await key.read())?.revision ?? 0);
    writeFileSync(join(dataDir, 'access', 'tokens.json'), 'damaged');
    await expect(tokens.begin(key)).rejects.toThrow('holds no tokens of version 1');
  });
});
