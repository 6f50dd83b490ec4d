/**
 * Settings of who may connect and do what: a part of the table in `settings.ts`.
 */
import { mebibyte, type SettingRow, whole } from './setting-row.ts';

export const accessSettings = {
  authString: {
    env: 'SLUICE_AUTH_STRING',
    kind: 'secret',
    fallback: null,
    alias: 'PREFECT_SERVER_API_AUTH_STRING',
    help: 'if set, every route wants it but health, ready, and pages and files without data',
  },
  tlsCert: {
    env: 'SLUICE_TLS_CERT',
    kind: 'optional',
    fallback: null,
    help: 'PEM file of a certificate and of those that signed it: with it and its key Sluice speaks https and wss only',
  },
  tlsKey: {
    env: 'SLUICE_TLS_KEY',
    kind: 'optional',
    fallback: null,
    help: 'PEM file of its key; both are read again when they change',
  },
  tlsSelfSigned: {
    env: 'SLUICE_TLS_SELF_SIGNED',
    kind: 'switch',
    fallback: false,
    help: 'on: https with a certificate made in the data folder, for trying; clients must be told to trust it',
  },
  hstsSeconds: whole(
    'SLUICE_HSTS_SECONDS',
    0,
    'how long browsers shall use https only (`Strict-Transport-Security`, sent with TLS only); 0: nothing is said',
    0,
    100_000_000,
  ),
  jwks: {
    env: 'SLUICE_JWKS',
    kind: 'optional',
    fallback: null,
    help: 'URL or file of a JSON Web Key Set; JWTs that its keys have signed let in, with the rights of their claims',
  },
  jwtIssuer: {
    env: 'SLUICE_JWT_ISSUER',
    kind: 'optional',
    fallback: null,
    help: 'the `iss` that JWTs must have',
  },
  jwtAudience: {
    env: 'SLUICE_JWT_AUDIENCE',
    kind: 'optional',
    fallback: null,
    help: 'the `aud` that JWTs must have',
  },
  tokenRate: whole('SLUICE_TOKEN_RATE', 0, 'events a second of a token that names no `--rate`; 0 for no limit'),
  tokenRateBytes: whole('SLUICE_TOKEN_RATE_BYTES', 0, 'the same of bytes, without `--rate-bytes`'),
  tokenConnections: whole(
    'SLUICE_TOKEN_CONNECTIONS',
    0,
    'sockets and event streams at once of a token that names no `--connections`; 0 for no limit',
  ),
  tokenQueries: whole('SLUICE_TOKEN_QUERIES', 0, 'the same of pages, counts and exports, without `--queries`'),
  corsOrigins: {
    env: 'SLUICE_CORS_ORIGINS',
    kind: 'origins',
    fallback: null,
    help:
      'origins whose pages may read answers and open WebSockets, as `https://a.example, https://b.example`; `*` for ' +
      'all, `none` for none; by default all, and none once there are tokens',
  },
  redact: {
    env: 'SLUICE_REDACT',
    kind: 'optional',
    fallback: null,
    help:
      'values that become `"***"` before anything is written, as `label:NAME, payload:a.b, payload:list.*.c, ' +
      'payload:**.password` (docs/SECURITY.md)',
  },
  auditBytesMax: whole(
    'SLUICE_AUDIT_BYTES_MAX',
    64 * mebibyte,
    'disk of the audit log, the oldest lines go first; 0 for no audit log',
  ),
} as const satisfies Record<string, SettingRow>;
