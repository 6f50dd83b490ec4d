/**
 * What is decided on a cluster of replicas, as far as text and small models can show it (I1, I8): the statements, that
 * nobody decides by what one replica has, and that of two owners that start at once at most one is ready.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runningInsertsSql, syncEvents, syncSmall } from '../../src/clickhouse/deciding-reads.ts';
import { remoteClickhouse, urlsOf } from '../../src/clickhouse/endpoint.ts';
import { checkLayout, type FoundLayout, schemaSettings } from '../../src/clickhouse/layout.ts';
import { databaseSql } from '../../src/clickhouse/migrate.ts';
import { checkOwnership, type JournalFacts } from '../../src/clickhouse/ownership.ts';
import { oneServer } from '../../support/one-server.ts';

const replicated: FoundLayout = { ...oneServer, clickhouseCluster: "it's", isReplicated: true };
const direct: FoundLayout = { ...oneServer, clickhouseCluster: 'c', clickhouseDdl: 'direct' };

describe('the statements of a cluster', () => {
  it('make the database on every server, and wait for those that live', () => {
    expect(databaseSql('a b', replicated)).toBe(
      "CREATE DATABASE IF NOT EXISTS `a b` ON CLUSTER 'it\\'s' ENGINE = Atomic",
    );
    expect(databaseSql('a b', direct)).toBe('CREATE DATABASE IF NOT EXISTS `a b` ENGINE = Atomic');
    expect(schemaSettings).toMatchObject({ distributed_ddl_output_mode: 'none_only_active', wait_end_of_query: 1 });
  });

  it('have replicas catch up before anything is decided, and leave alone what has none', () => {
    expect(syncEvents(replicated)).toEqual([
      "SYSTEM SYNC REPLICA ON CLUSTER 'it\\'s' `events`.events_local LIGHTWEIGHT",
    ]);
    expect(syncSmall(replicated, 'journals')).toEqual(['SYSTEM SYNC REPLICA `events`.journals LIGHTWEIGHT']);
    // Of a service that replicates by itself.
    expect(syncEvents({ ...oneServer, isReplicated: true })).toEqual([
      'SYSTEM SYNC REPLICA `events`.events LIGHTWEIGHT',
    ]);
    for (const layout of [oneServer, direct]) {
      expect([syncEvents(layout), syncSmall(layout, 'journals')]).toEqual([[], []]);
    }
  });

  it('look for running inserts on all replicas of all shards', () => {
    for (const layout of [replicated, direct]) {
      expect(runningInsertsSql(layout)).toMatch(/FROM clusterAllReplicas\('(?:it\\'s|c)', system\.processes\)/);
    }
    expect(runningInsertsSql(oneServer)).toContain('FROM system.processes WHERE');
  });

  it('say what contradicts itself', () => {
    expect(() => checkLayout({ clickhouseDdl: 'direct' }, true)).toThrow(/needs SLUICE_CLICKHOUSE_CLUSTER/);
    expect(() => checkLayout({ clickhouseDdl: 'direct', clickhouseCluster: 'c' }, false)).toThrow(
      /one server for each/,
    );
    checkLayout({ clickhouseDdl: 'keeper', clickhouseCluster: 'c' }, true);
  });
});

describe('several URLs', () => {
  it('are told apart by their schemes, whatever commas a password has', () => {
    expect(urlsOf('http://a:p,w@h:1/d, https://b@h2/d,http://h3/d')).toEqual([
      'http://a:p,w@h:1/d',
      'https://b@h2/d',
      'http://h3/d',
    ]);
  });

  it('name one database, and are shown without their passwords', () => {
    expect(remoteClickhouse('http://a:secret@h:1/d,http://a:secret@h2:2/d').where).toBe('http://h:1, http://h2:2/d');
    expect(() => remoteClickhouse('http://h:1/d,http://h2:2/e')).toThrow(/different databases/);
  });
});

const facts = (owner: string): JournalFacts => ({
  ...{ owner, epoch: `epoch of ${owner}`, firstSeq: 1000, checkpoint: 999, head: 999, sentUpTo: 999 },
  everInserted: false,
});

/** A replica of `journals`: it has what was written through it, and of others what it has caught up with. */
class Replica {
  readonly #written: Map<string, JournalFacts>;
  #seen: ReadonlyMap<string, JournalFacts> = new Map();

  constructor(written: Map<string, JournalFacts>) {
    this.#written = written;
  }

  readonly client = {
    command: async ({ query_params }: { query_params: JournalFacts }) => {
      this.#written.set(query_params.epoch, query_params);
      this.#seen = new Map([...this.#seen, [query_params.epoch, query_params]]);
    },
    query: async ({ query }: { query: string }) => {
      const claims = [...this.#seen.values()].map(({ epoch, firstSeq, owner }) => ({
        ...{ epoch, first_seq: firstSeq, owner, age_ms: 100 },
      }));
      const rows = query.includes('FROM journals') ? claims : [{ newest: 0 }];
      await Promise.resolve();
      return { json: async () => rows };
    },
  } as unknown as ClickHouseClient; // the part that ownership.ts uses

  catchUp = async (): Promise<void> => {
    await Promise.resolve();
    this.#seen = new Map(this.#written);
  };
}

describe('two owners on two replicas that lag', () => {
  const start = async (pauses: readonly number[], catchesUp: boolean) => {
    const written = new Map<string, JournalFacts>();
    const starts = pauses.map(async (turns, nth) => {
      const replica = new Replica(written);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      await checkOwnership(replica.client, facts(`owner ${nth}`), catchesUp ? replica.catchUp : undefined);
    });
    return (await Promise.allSettled(starts)).filter(({ status }) => status === 'fulfilled').length;
  };

  it('are never both ready, whoever is ahead', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(40), fc.nat(40), async (one, other) => {
        expect(await start([one, other], true)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('would both be, if neither replica caught up', async () => {
    expect(await start([0, 0], false)).toBe(2);
  });
});
