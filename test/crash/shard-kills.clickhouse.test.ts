/**
 * I1, I8, I9 on the running process and three real shards: shards are killed in the middle of inserts, Sluice too; no
 * event is lost, none is stored twice, none goes to the dead letter, and a question says which shard is away.
 */
import { expect, it } from 'vitest';
import { runShardKills } from '../../support/crash/shard-kills.ts';

it('shards that are killed in the middle of inserts cost no event, and double none', async () => {
  const { broken, books } = await runShardKills({ kills: 4, sluiceEvery: 3, rate: 600, seed: 4 });
  expect(broken, JSON.stringify(books)).toEqual([]);
  expect(books).toMatchObject({ kills: 4, sluiceKills: 1, twice: 0 });
  expect(books['inMidInsert']).toBeGreaterThan(0);
}, 300_000);
