/**
 * Whether a cluster can be used: each of its shards answers, and where each shard has a URL, the URLs are those of the
 * shards in their order.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { Failure } from '../base/errors.ts';
import { kindOf, type Layout, quoteText, type Servers } from './layout.ts';
import { readError, refusal } from './store-error.ts';

/** A server that is silent for so long hangs. */
const silentMs = 4_000;

/** Rejects with ClickHouse's error, which names the server, while a shard has none that answers. */
export async function probeCluster(servers: Servers, layout: Layout, signal?: AbortSignal): Promise<void> {
  const { client } = servers;
  const { clickhouseCluster } = layout;
  if (typeof clickhouseCluster !== 'string') return;
  // One that hangs is found by asking each: ClickHouse waits longer for it than who asks.
  if (kindOf(layout) === 'direct') await askEach(servers, ping);
  const result = await client.query({
    query: `SELECT count() FROM cluster(${quoteText(clickhouseCluster)}, system.one)`,
    ...(signal && { abort_signal: signal }),
  });
  await result.text();
}

async function ping(server: ClickHouseClient): Promise<void> {
  const signal = AbortSignal.timeout(silentMs);
  const answer = await server.ping({ select: true, abort_signal: signal });
  if (answer.success) return;
  if (signal.aborted) throw new Failure('storeUnavailable', 'ClickHouse does not answer in time.');
  throw answer.error;
}

/** Asks all servers; where there are several, one that fails is named, by its URL. */
export async function askEach<Answer>(
  { every, urls }: Servers,
  ask: (server: ClickHouseClient, at: number) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const [at, server] of every.entries()) {
    try {
      answers.push(await ask(server, at));
    } catch (error) {
      if (every.length === 1 || refusal(error) !== null) throw error;
      const { failure, message } = readError(error);
      throw new Failure(failure, `Of shard ${at + 1} (${urls[at]}): ${message}`, { cause: error });
    }
  }
  return answers;
}

interface Place {
  readonly shard: number;
  readonly replica: number;
  readonly address: string;
  readonly isHere: number | boolean;
}

/**
 * Of shards that get their statements from Sluice: throws Failure storeRefused where a URL is another shard, a shard
 * has replicas or no URL, or the servers do not agree on what the cluster is.
 */
export async function checkShards({ every, urls }: Servers, layout: Layout): Promise<void> {
  const { clickhouseCluster: cluster } = layout;
  if (kindOf(layout) !== 'direct' || typeof cluster !== 'string') return;
  let first: string | null = null;
  for (const [at, server] of every.entries()) {
    const places = await placesOf(server, cluster);
    const whole = JSON.stringify(places.map(({ shard, replica, address }) => [shard, replica, address]));
    first ??= whole;
    const fault = whole === first ? faultOf(places, at + 1, every.length) : 'it has another cluster than shard 1';
    if (fault === null) continue;
    throw new Failure(
      'storeRefused',
      `CLICKHOUSE_URL must name the shards of ${cluster} in their order, one server each: of ${urls[at]}, ${fault}.`,
    );
  }
}

function faultOf(places: readonly Place[], shard: number, urls: number): string | null {
  if (places.length === 0) return 'the cluster is not known to it';
  if (places.some(({ replica }) => replica > 1)) return 'a shard has replicas, which need SLUICE_CLICKHOUSE_DDL=keeper';
  if (places.length !== urls) return `the cluster has ${places.length} shards, and ${urls} URLs are named`;
  const here = places.filter(({ isHere }) => Boolean(isHere)).map((place) => place.shard);
  if (here.length === 1 && here[0] === shard) return null;
  return here.length === 0 ? 'it is in no shard by itself' : `it is shard ${here.join(', ')}, and not ${shard}`;
}

async function placesOf(client: ClickHouseClient, cluster: string): Promise<Place[]> {
  const result = await client.query({
    query: `SELECT shard_num AS shard, replica_num AS replica, concat(host_name, ':', toString(port)) AS address,
      is_local AS isHere FROM system.clusters WHERE cluster = {cluster:String} ORDER BY shard, replica`,
    query_params: { cluster },
    format: 'JSONEachRow',
  });
  return await result.json<Place>();
}
