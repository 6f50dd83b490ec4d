/**
 * Settings of a gateway, of several that share a log on NATS: a part of the table in `settings.ts`.
 */
import { mebibyte, type SettingRow, text, whole } from './setting-row.ts';

export const sharedLogSettings = {
  sharedLog: {
    env: 'SLUICE_LOG',
    kind: 'secret',
    fallback: null,
    mayBeEmpty: true,
    hasFlag: true,
    help:
      'nats://user:password@host:4222, or several with commas between: this Sluice is one of several gateways that ' +
      'share this log (docs/SCALE.md); tls:// for TLS',
  },
  gatewayId: {
    env: 'SLUICE_GATEWAY_ID',
    kind: 'optional',
    fallback: null,
    help: 'name of this gateway, as no other has it; written into the data folder',
  },
  logName: text('SLUICE_LOG_NAME', 'SLUICE', 'name of the stream of the shared log, and of what belongs to it'),
  logReplicas: whole(
    'SLUICE_LOG_REPLICAS',
    0,
    'copies of the shared log; 0: three where NATS is a cluster, else one',
    0,
    5,
  ),
  logBytesMax: whole(
    'SLUICE_LOG_BYTES_MAX',
    1024 * mebibyte,
    'size of the shared log when it is made; a full one takes nothing until ClickHouse has what is in it',
    64 * mebibyte,
  ),
  logCredsFile: {
    env: 'SLUICE_LOG_CREDS_FILE',
    kind: 'optional',
    fallback: null,
    help: 'credentials file of a NATS user, as `nsc` makes it; in place of user and password',
  },
  logCaFile: {
    env: 'SLUICE_LOG_CA_FILE',
    kind: 'optional',
    fallback: null,
    help: 'PEM file of the certificates that may sign those of NATS; with it TLS is a must',
  },
  logCertFile: {
    env: 'SLUICE_LOG_CERT_FILE',
    kind: 'optional',
    fallback: null,
    help: "PEM file of this gateway's certificate for NATS",
  },
  logKeyFile: { env: 'SLUICE_LOG_KEY_FILE', kind: 'optional', fallback: null, help: 'PEM file of its key' },
  logMonitorUrls: {
    env: 'SLUICE_LOG_MONITOR_URLS',
    kind: 'optional',
    fallback: null,
    help:
      'monitoring addresses of all NATS servers, as `http://nats-1:8222`, with commas between: they are asked ' +
      'whether each write is synced; without them a power cut of all servers is not promised to lose nothing',
  },
} as const satisfies Record<string, SettingRow>;
