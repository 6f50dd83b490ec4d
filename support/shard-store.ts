/**
 * A store on real shards without Keeper.
 */
import { of } from 'rxjs';
import type { Endpoint, EndpointSource } from '../src/clickhouse/endpoint.ts';
import { openStore, type Store, type StoreOptions } from '../src/clickhouse/store.ts';
import { testStoreOptions } from './engine.ts';
import type { TestShards } from './shards.ts';

export function sourceOf([endpoint, ...others]: readonly Endpoint[]): EndpointSource {
  if (endpoint === undefined) throw new Error('a source needs a server');
  return { where: 'shards', endpoint$: of({ endpoint, others }), stop: () => Promise.resolve() };
}

/** Not ready yet. */
export function openShardStore(
  { cluster, endpoints }: TestShards,
  options: Partial<StoreOptions> = {},
  asked: readonly Endpoint[] = endpoints,
): Store {
  const layout = { clickhouseCluster: cluster, clickhouseDdl: 'direct' as const };
  return openStore({ ...testStoreOptions, source: sourceOf(asked), ...layout, ...options });
}
