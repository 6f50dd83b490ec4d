/**
 * A connection to NATS that is never given up: whoever leads may be away for as long as it takes. The client's packages
 * are loaded here and only by a call, so that a Sluice without a shared log does not pay for them.
 */

import { readFileSync } from 'node:fs';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { firstLineOf, StartRefused } from '../base/errors.ts';
import { wantsCertificate } from './server-info.ts';
import { type Retry, untilAnswered } from './until-answered.ts';

export interface Nats {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  /** Names that nobody else has. */
  readonly unique: () => string;
  readonly headers: () => MsgHdrs;
  close(): Promise<void>;
}

export interface NatsAddress {
  /** `host:port` or `nats://host:port` each. */
  readonly servers: readonly string[];
  /** As the servers list it. */
  readonly name: string;
  readonly login?: { readonly user: string; readonly pass: string } | null;
  /** Holds a user's JWT and key. */
  readonly credsFile?: string | null;
  /** PEM files; null without TLS. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string } | null;
}

const requestMs = 3_000;
const againMs = 500;
/** Of one server: what it refuses it says sooner, or not at all. */
const letsInMs = 5_000;

/**
 * Resolves once a server has answered; `first` holds until then. Rejects with StartRefused for a file that cannot be
 * read.
 */
export async function connectNats(address: NatsAddress, first: Omit<Retry, 'againMs'> = {}): Promise<Nats> {
  const [{ headers, nuid, ...client }, { jetstreamManager }] = await Promise.all([
    import('@nats-io/transport-node'),
    import('@nats-io/jetstream'),
  ]);
  const { servers, name, login, credsFile, tls } = address;
  const options: NodeConnectionOptions = {
    servers: [...servers],
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    reconnectJitter: 100,
    pingInterval: 5_000,
    maxPingOut: 2,
    // A password that is being changed is no reason to give up.
    ignoreAuthErrorAbort: true,
    ...(login && login),
    ...(credsFile && { authenticator: client.credsAuthenticator(readCreds(credsFile)) }),
    ...(tls && { tls: { ...tls } }),
  };
  const connecting = async () => {
    await letsIn(client.connect, options).catch((error: unknown) => refuseWithoutCertificate(address, error));
    return await client.connect(options);
  };
  const connection = await untilAnswered(connecting, { ...first, againMs });
  return {
    connection,
    manager: await jetstreamManager(connection, { timeout: requestMs, checkAPI: false }),
    unique: () => nuid.next(),
    headers,
    close: () => connection.close(),
  };
}

/**
 * Rejects with why no server lets us in. A first connection without end would not: refused by a server of a cluster,
 * it goes on to those that this one has told it of, and round again, and says nothing.
 */
async function letsIn(connect: (to: NodeConnectionOptions) => Promise<NatsConnection>, options: NodeConnectionOptions) {
  const trial = { ...options, ignoreClusterUpdates: true, reconnect: false, timeout: letsInMs };
  await (await connect(trial)).close();
}

/** Rejects with the cause, or a better one. */
async function refuseWithoutCertificate({ servers, tls }: NatsAddress, cause: unknown): Promise<never> {
  if (tls?.certFile === undefined && (await Promise.all(servers.map(wantsCertificate))).includes(true)) {
    throw new Error(
      'NATS wants a certificate of its clients: SLUICE_LOG_CERT_FILE and SLUICE_LOG_KEY_FILE must name one.',
      { cause },
    );
  }
  throw cause;
}

function readCreds(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const why = firstLineOf(cause);
    throw new StartRefused(`The file that SLUICE_LOG_CREDS_FILE names cannot be read: ${why}`, { cause });
  }
}
