/**
 * What the settings of a gateway say together. A single Sluice has none of them.
 */
import { StartRefused } from '../base/errors.ts';
import type { Config } from './config.ts';

export interface GatewaySettings {
  readonly id: string;
  readonly log: SharedLogAddress;
  /** Of the stream. */
  readonly name: string;
  /** Null: three where NATS is a cluster, else one. */
  readonly replicas: number | null;
  readonly bytesMax: number;
  readonly monitorUrls: readonly string[];
}

export interface SharedLogAddress {
  /** `host:port` each. */
  readonly servers: readonly string[];
  readonly login: { readonly user: string; readonly pass: string } | null;
  readonly credsFile: string | null;
  /** Null without TLS. */
  readonly tls: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string } | null;
}

type Sent = Pick<
  Config,
  | 'sharedLog'
  | 'gatewayId'
  | 'logName'
  | 'logReplicas'
  | 'logBytesMax'
  | 'logCredsFile'
  | 'logCaFile'
  | 'logCertFile'
  | 'logKeyFile'
  | 'logMonitorUrls'
  | 'clickhouseUrl'
  | 'signingKey'
>;

const idForm = /^[A-Za-z0-9_-]{1,64}$/;
const nameForm = /^[A-Za-z0-9_-]{1,32}$/;

/** Null where no shared log is named. Throws StartRefused for settings that do not fit together. */
export function gatewayOf(config: Sent): GatewaySettings | null {
  const { sharedLog, gatewayId: id, logName: name } = config;
  if (sharedLog === null) {
    refuseWithoutLog(config);
    return null;
  }
  if (id === null || !idForm.test(id)) {
    throw new StartRefused(
      'SLUICE_LOG is set, so SLUICE_GATEWAY_ID must name this gateway: 1 to 64 letters, digits, `_` or `-`, as no ' +
        'other gateway has them.',
    );
  }
  refuseName(name);
  refuseMissing(config);
  return {
    ...{ id, name, log: addressOf(sharedLog, config), replicas: replicasOf(config), bytesMax: config.logBytesMax },
    ...monitorsOf(config),
  };
}

/** Where the shared log is, and its name: for who looks at all gateways. Throws StartRefused where none is named. */
export function sharedLogOf(config: Sent): Pick<GatewaySettings, 'log' | 'name' | 'replicas' | 'monitorUrls'> {
  const { sharedLog, logName: name } = config;
  if (sharedLog === null) {
    throw new StartRefused('SLUICE_LOG must name the NATS servers of the shared log, as nats://host:4222.');
  }
  refuseName(name);
  return { name, log: addressOf(sharedLog, config), replicas: replicasOf(config), ...monitorsOf(config) };
}

function refuseName(name: string): void {
  if (!nameForm.test(name)) throw new StartRefused('SLUICE_LOG_NAME must be 1 to 32 letters, digits, `_` or `-`.');
}

function replicasOf({ logReplicas }: Sent): number | null {
  return logReplicas === 0 ? null : logReplicas;
}

function refuseWithoutLog(config: Sent): void {
  const given = (
    [
      ['SLUICE_GATEWAY_ID', config.gatewayId],
      ['SLUICE_LOG_CREDS_FILE', config.logCredsFile],
      ['SLUICE_LOG_CA_FILE', config.logCaFile],
      ['SLUICE_LOG_CERT_FILE', config.logCertFile],
      ['SLUICE_LOG_KEY_FILE', config.logKeyFile],
      ['SLUICE_LOG_MONITOR_URLS', config.logMonitorUrls],
    ] as const
  ).find(([, value]) => value !== null);
  if (given === undefined) return;
  throw new StartRefused(`${given[0]} is set, but SLUICE_LOG is not: name the NATS servers too, or leave it out.`);
}

/** What all gateways must share. */
function refuseMissing({ clickhouseUrl, signingKey }: Sent): void {
  if (clickhouseUrl === null) {
    throw new StartRefused('SLUICE_LOG is set, so CLICKHOUSE_URL must name the ClickHouse that all gateways share.');
  }
  if (signingKey === null) {
    throw new StartRefused(
      'SLUICE_LOG is set, so SLUICE_SIGNING_KEY must hold the key that all gateways share: else a page or a position ' +
        'of one gateway is good for no other.',
    );
  }
}

function addressOf(text: string, config: Sent): SharedLogAddress {
  const urls = text.split(',').map((part) => readUrl(part.trim()));
  const [first] = urls;
  const logins = new Set(urls.map(({ username, password }) => `${username} ${password}`));
  if (first === undefined || logins.size > 1) {
    throw new StartRefused('SLUICE_LOG names different users: one user and password must be good for all servers.');
  }
  const { username, password } = first;
  const { logCredsFile: credsFile, logCaFile, logCertFile, logKeyFile } = config;
  if (username !== '' && credsFile !== null) {
    throw new StartRefused('SLUICE_LOG has a user, and SLUICE_LOG_CREDS_FILE is set: leave one out.');
  }
  if ((logCertFile === null) !== (logKeyFile === null)) {
    throw new StartRefused('SLUICE_LOG_CERT_FILE and SLUICE_LOG_KEY_FILE belong together: set both, or none.');
  }
  const isTls = urls.some(({ protocol }) => protocol === 'tls:') || logCaFile !== null || logCertFile !== null;
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port === '' ? '4222' : port}`),
    login: username === '' ? null : { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
    credsFile,
    tls: isTls
      ? {
          ...(logCaFile !== null && { caFile: logCaFile }),
          ...(logCertFile !== null && { certFile: logCertFile }),
          ...(logKeyFile !== null && { keyFile: logKeyFile }),
        }
      : null,
  };
}

/** Never shows what stands there: it may be a password. */
function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain = url !== null && ['', '/'].includes(url.pathname) && url.search === '' && url.hash === '';
  if (url !== null && isPlain && ['nats:', 'tls:'].includes(url.protocol) && url.hostname !== '') return url;
  throw new StartRefused(
    'SLUICE_LOG must be nats://host:4222 or tls://user:password@host:4222, or several with commas between.',
  );
}

function monitorsOf({ logMonitorUrls }: Sent): { readonly monitorUrls: readonly string[] } {
  const monitorUrls = (logMonitorUrls ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
  const bad = monitorUrls.find((url) => !/^https?:\/\/[^/]+\/?$/.test(url));
  if (bad === undefined) return { monitorUrls: monitorUrls.map((url) => url.replace(/\/$/, '')) };
  throw new StartRefused(`SLUICE_LOG_MONITOR_URLS must hold addresses as http://nats-1:8222, not "${bad}".`);
}
