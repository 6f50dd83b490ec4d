/** Who may write to a database: nothing is inserted where a row could be lost, doubled or mixed up. */
import { randomUUID } from 'node:crypto';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { of } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EndpointSource } from '../../src/clickhouse/endpoint.ts';
import {
  adoptDatabase,
  checkOwnership,
  heartbeat,
  type JournalFacts,
  newestInserted,
  registerOwner,
} from '../../src/clickhouse/ownership.ts';
import { openStore, type Store, type StoreOptions } from '../../src/clickhouse/store.ts';
import { startTestStore, type TestStore, testStoreOptions } from '../../support/engine.ts';
import { rowLines } from '../../support/rows.ts';

let real: TestStore;
let client: ClickHouseClient;
let stores: Store[] = [];
let source: EndpointSource;
beforeAll(async () => {
  real = await startTestStore();
});
afterAll(() => real?.stop());

/** Each test has a database of its own. */
beforeEach(async () => {
  const endpoint = { ...(await real.endpoint()), database: `d_${randomUUID().slice(0, 8)}` };
  source = { where: endpoint.database, endpoint$: of({ endpoint }), stop: () => Promise.resolve() };
  client = createClient(endpoint);
  await open({}).whenReady(AbortSignal.timeout(20_000));
});
afterEach(async () => {
  for (const store of stores) await store.close();
  stores = [];
  await client.close();
});

function open(options: Partial<StoreOptions>): Store {
  const store = openStore({ ...testStoreOptions, source, ...options });
  stores.push(store);
  return store;
}

function facts(given: Partial<JournalFacts> = {}): JournalFacts {
  return {
    owner: 'mine',
    epoch: randomUUID(),
    firstSeq: 1000,
    checkpoint: 999,
    head: 999,
    sentUpTo: given.head ?? 999,
    everInserted: false,
    ...given,
  };
}

async function insert(...seqs: number[]): Promise<void> {
  await stores[0]?.insertRows(rowLines(seqs.map((seq) => ({ seq }))), randomUUID());
}

/** Registers and lets its heartbeat grow old. */
async function registerLongAgo(given: JournalFacts): Promise<void> {
  await client.command({
    query: `INSERT INTO journals SELECT {epoch:UUID}, {firstSeq:UInt64}, {owner:String}, {head:UInt64}, {checkpoint:UInt64}, now64(3, 'UTC') - 31`,
    query_params: { ...given },
    clickhouse_settings: { async_insert: 0 },
  });
}

const refused = (words: RegExp) => ({ failure: 'storeRefused', message: expect.stringMatching(words) });

test('an empty database is taken, and the same journal comes back with what it holds', async () => {
  const mine = facts();
  expect(await checkOwnership(client, mine)).toEqual({ maxSeq: 0, doubt: null });
  await insert(1000, 1001);
  const later = { ...mine, head: 1005, sentUpTo: 1001, checkpoint: 1001, everInserted: true };
  expect(await checkOwnership(client, later)).toEqual({ maxSeq: 1001, doubt: null });
  await expect(heartbeat(client, later)).resolves.toBeUndefined();
});

test('another live owner is refused until its heartbeat is 30 s old, and then the database is still not ours', async () => {
  const other = facts({ owner: 'theirs', firstSeq: 500 });
  await registerOwner(client, other);
  await expect(checkOwnership(client, facts())).rejects.toMatchObject(refused(/theirs.*seen.*sluice adopt/));
  await client.command({ query: 'TRUNCATE TABLE journals' });
  await registerLongAgo(other);
  await expect(checkOwnership(client, facts())).rejects.toMatchObject(
    refused(/belongs to another data folder.*sluice adopt/),
  );
});

test('a known journal is refused while another owner lives, and comes back when that one is gone', async () => {
  const mine = facts();
  await registerLongAgo(mine);
  const other = facts({ owner: 'theirs', firstSeq: 500 });
  await registerOwner(client, other);
  await expect(checkOwnership(client, mine)).rejects.toMatchObject(refused(/theirs/));
  await client.command({ query: 'TRUNCATE TABLE journals' });
  await registerLongAgo(mine);
  await registerLongAgo(other);
  await expect(checkOwnership(client, mine)).resolves.toMatchObject({ maxSeq: 0 });
});

test('a database that does not know a journal that has inserted before is refused', async () => {
  await expect(checkOwnership(client, facts({ everInserted: true }))).rejects.toMatchObject(
    refused(/does not know it.*sluice adopt/),
  );
});

test('a backup that knows nothing of a journal is taken where an operator gives it, but not from a rival that lives', async () => {
  const shared = { isShared: true, firstSeq: 5000, head: 5003, checkpoint: 4999 };
  await registerLongAgo(facts({ owner: 'an older epoch', head: 1002 }));
  await insert(1000, 1001);
  await expect(checkOwnership(client, facts(shared))).rejects.toMatchObject(
    refused(/older backup.*sluice cluster recover --anew/),
  );
  const given = facts({ ...shared, isGiven: true });
  expect(await checkOwnership(client, given)).toEqual({ maxSeq: 0, doubt: null });
  await expect(heartbeat(client, given)).resolves.toBeUndefined();
  const next = facts({ ...shared, owner: 'another', isGiven: true });
  await expect(checkOwnership(client, next)).rejects.toMatchObject(refused(/mine.*stop it first/));
});

test('events without a journal are refused', async () => {
  await insert(7);
  await expect(checkOwnership(client, facts())).rejects.toMatchObject(
    refused(/does not say of which journal.*sluice adopt/),
  );
});

test('a journal older than the database is refused: by its events, or by a newer epoch of the same folder', async () => {
  const mine = facts({ head: 1002, checkpoint: 1001, everInserted: true });
  await registerOwner(client, mine);
  await insert(1000, 1001, 1002, 1003);
  await expect(checkOwnership(client, mine)).rejects.toMatchObject(
    refused(/up to seq 1003.*ends at 1002.*sluice adopt/),
  );
  await registerOwner(client, facts({ firstSeq: 5000 }));
  await expect(checkOwnership(client, { ...mine, head: 1003 })).rejects.toMatchObject(
    refused(/newer journal.*sluice adopt/),
  );
});

test('a writer state older than the database is refused: its events would be sent twice', async () => {
  const mine = facts({ head: 1003, checkpoint: 1000, sentUpTo: 1001, everInserted: true });
  await registerOwner(client, mine);
  await insert(1000, 1001);
  await expect(checkOwnership(client, mine)).resolves.toMatchObject({ maxSeq: 1001 });
  await insert(1002);
  await expect(checkOwnership(client, mine)).rejects.toMatchObject(
    refused(/up to seq 1002.*none above 1001.*sluice adopt/),
  );
});

test('adoption learns how far the database has a journal that it knows, and nothing of one that it does not', async () => {
  const mine = facts();
  await registerLongAgo(mine);
  await insert(998, 1000, 1001, 1002);
  expect(await newestInserted(client, { epochs: [randomUUID(), mine.epoch], oldest: 1000, head: 1001 })).toBe(1001);
  expect(await newestInserted(client, { epochs: [randomUUID(), mine.epoch], oldest: 1003, head: 1009 })).toBe(0);
  expect(await newestInserted(client, { epochs: [randomUUID()], oldest: 1000, head: 1001 })).toBe(0);
});

test('a new epoch of a known folder is taken above the old one, and refused below its events', async () => {
  await registerLongAgo(facts());
  await insert(1000, 1001);
  await expect(checkOwnership(client, facts({ firstSeq: 1001, head: 1000 }))).rejects.toMatchObject(
    refused(/above the beginning/),
  );
  await expect(checkOwnership(client, facts({ firstSeq: 1002, head: 1001, checkpoint: 1001 }))).resolves.toEqual({
    maxSeq: 0,
    doubt: null,
  });
});

test('a database that lacks what was inserted is taken, with a doubt for the log', async () => {
  const mine = facts({ head: 1002, checkpoint: 1002, everInserted: true });
  await registerOwner(client, mine);
  await insert(1000);
  expect(await checkOwnership(client, mine)).toMatchObject({ maxSeq: 1000, doubt: expect.stringMatching(/1002/) });
});

test('adoption waits for the other owner to be gone, begins above all, and shuts the old owner out', async () => {
  const old = facts({ owner: 'theirs', head: 1500 });
  await registerOwner(client, old);
  await insert(1000, 1001);
  await expect(adoptDatabase(client, 'mine')).rejects.toMatchObject(refused(/theirs/));
  await client.command({ query: 'TRUNCATE TABLE journals' });
  await registerLongAgo(old);
  const { maxSeq } = await adoptDatabase(client, 'mine');
  expect(maxSeq).toBe(1500);
  const mine = facts({ firstSeq: maxSeq + 1, head: maxSeq, checkpoint: maxSeq });
  await registerLongAgo(mine);
  await expect(checkOwnership(client, mine)).resolves.toMatchObject({ maxSeq: 0 });
  await expect(heartbeat(client, old)).rejects.toMatchObject(refused(/mine/));
  await client.command({ query: 'TRUNCATE TABLE journals' });
  await registerLongAgo(old);
  await registerLongAgo(mine);
  await expect(checkOwnership(client, old)).rejects.toMatchObject(refused(/taken over by the data folder mine/));
});

test('of two owners that begin at once on an empty database at most one goes on', async () => {
  for (let round = 0; round < 5; round += 1) {
    await client.command({ query: 'TRUNCATE TABLE journals' });
    const outcomes = await Promise.allSettled(
      ['a', 'b'].map((owner) => checkOwnership(client, facts({ owner, firstSeq: 1000 + round }))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
  }
});

test('a refused store says why, takes nothing, and becomes ready when the reason is gone', async () => {
  const other = facts({ owner: 'theirs' });
  await registerOwner(client, other);
  const mine = facts();
  const store = open({ verify: async (with_) => void (await checkOwnership(with_.client, mine)) });
  await expect.poll(() => store.status.phase, { timeout: 10_000 }).toBe('refused');
  expect(store.status.reason).toMatch(/theirs.*sluice adopt/);
  await expect(store.rows('SELECT 1', {})).rejects.toMatchObject(refused(/theirs/));
  await expect(store.insertRows(rowLines([{ seq: 1 }]), 'token')).rejects.toMatchObject({ failure: 'storeRefused' });
  await client.command({ query: 'TRUNCATE TABLE journals' });
  await store.whenReady(AbortSignal.timeout(15_000));
  expect(store.status.reason).toBe('');
});
