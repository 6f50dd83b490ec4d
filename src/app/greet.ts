/**
 * What a person is told at the start, and what an operator is warned of.
 */
import { statSync } from 'node:fs';
import type { Credentials } from '../access/credentials.ts';
import type { Log } from '../base/log.ts';
import type { Store } from '../clickhouse/store.ts';
import type { Config } from '../config/config.ts';
import type { LogAdmin } from '../event-log/log-admin.ts';
import type { GatewayStatus } from '../gateway/gateway-status.ts';
import { deadLetterPath } from '../table-writer/dead-letter.ts';
import { descriptorFacts, descriptorRoom, descriptorWarnings } from './descriptors.ts';

/** How many connections fit. To be asked last of all: what is open by then is not for connections. */
export function connectionRoom(
  { socketsMax, clickhouseUrl }: Pick<Config, 'socketsMax' | 'clickhouseUrl'>,
  log: Log,
): number {
  const room = descriptorRoom(descriptorFacts());
  for (const sentence of descriptorWarnings(room, { socketsMax, hasEngine: clickhouseUrl === null }))
    log.warn(sentence);
  return room?.connectionsMax ?? Number.POSITIVE_INFINITY;
}

export function warnOfOpenDoor({ host }: Pick<Config, 'host'>, credentials: Credentials, log: Log): void {
  const isLoopback = host === 'localhost' || host === '::1' || host.startsWith('127.');
  if (isLoopback || credentials.isRequired) return;
  log.warn(
    { host },
    'everybody who reaches this address can send and read events: set SLUICE_AUTH_STRING, or make a token',
  );
}

/** Gateways share one dead letter, and none of them reads the file that an earlier version kept in its own folder. */
export function warnOfOwnDeadLetter(dataDir: string, log: Log): void {
  const file = deadLetterPath(dataDir);
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes === 0) return;
  log.warn(
    { file, bytes },
    'this file has refused events of an earlier version: they are not in the dead letter of all, and are not replayed',
  );
}

/** Else only its producers would hear of it. */
export function warnOfNoRoom(journal: Pick<LogAdmin, 'check'>, log: Log): void {
  const refusal = journal.check();
  if (refusal !== null) log.warn({ reason: refusal.message }, 'no event is taken at present');
}

export function greet(
  { host, isSecure }: Pick<Config, 'host'> & { readonly isSecure: boolean },
  port: number,
  { store, gateway }: { readonly store: Store; readonly gateway: GatewayStatus | null },
  say: (line: string) => void,
): void {
  const [http, ws] = isSecure ? ['https', 'wss'] : ['http', 'ws'];
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  // One write: who reads the first line has the others.
  const lines = [
    `Sluice is listening on ${http}://${address}`,
    `  send events:  POST ${http}://${address}/api/events   or  ${ws}://${address}/api/events/in`,
    `  subscribe:    ${ws}://${address}/api/events/out`,
    `  Prefect:      PREFECT_API_URL=${http}://${address}/api`,
    `  in a browser: ${http}://${address}/   the API: ${http}://${address}/docs`,
    `  store:        ${store.status.where}; events are taken while it starts`,
    ...(gateway === null
      ? []
      : [`  gateway:      ${gateway.id}, of the shared log ${gateway.stream}`, `  ${gateway.promise}`]),
  ];
  say(lines.join('\n'));
  const watch = store.status$.subscribe(({ phase, version }) => {
    if (phase !== 'ready') return;
    say(`  store ready:  ClickHouse ${version}; queries and counts are answered`);
    queueMicrotask(() => watch.unsubscribe());
  });
}
