/**
 * The clients of a connection: one choice for each URL that may be asked in the place of another, or one choice of all
 * URLs where each is a shard.
 */
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Endpoint } from './endpoint.ts';
import { kindOf, type Layout, type Servers } from './layout.ts';
import { openReadPool, type ReadPool } from './read-pool.ts';

export interface ServerChoice {
  readonly servers: Servers;
  /** Of `servers.every`. */
  readonly endpoints: readonly Endpoint[];
  /** For reads alone. */
  readonly reads: ReadPool;
  /** Breaks off what is under way, be it to a host that never answers. */
  close(): Promise<void>;
}

/** Sockets besides those of commands: an insert, a check, a heartbeat, a migration. */
const otherSockets = 4;
const idleSocketMs = 2000;
/** A socket that is silent for so long is given up; statements have shorter deadlines of their own. */
const silenceMs = 150_000;

export function openChoices(endpoints: readonly Endpoint[], layout: Layout, queriesMax: number): ServerChoice[] {
  const isDirect = kindOf(layout) === 'direct';
  return (isDirect ? [endpoints] : endpoints.map((each) => [each])).map((chosen) => open(chosen, queriesMax));
}

function open(endpoints: readonly Endpoint[], queriesMax: number): ServerChoice {
  const [first] = endpoints;
  if (first === undefined) throw new Error('a choice needs a server');
  const every = endpoints.map((endpoint) => connect(endpoint, queriesMax));
  const [client = connect(first, queriesMax)] = every;
  const reads = openReadPool(first, idleSocketMs);
  return {
    servers: { client, every, urls: endpoints.map(({ url }) => url) },
    endpoints,
    reads,
    async close() {
      await Promise.all([...every.map((each) => each.close()), reads.close()]);
    },
  };
}

function connect({ url, pathname, username, password, database }: Endpoint, queriesMax: number): ClickHouseClient {
  return createClient({
    url,
    pathname,
    username,
    password,
    database,
    application: 'sluice',
    request_timeout: silenceMs,
    max_open_connections: queriesMax + otherSockets,
    keep_alive: { idle_socket_ttl: idleSocketMs, eagerly_destroy_stale_sockets: true },
    use_multipart_params_auto: true,
    log: { level: ClickHouseLogLevel.OFF },
  });
}
