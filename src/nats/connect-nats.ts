/**
 * A connection to NATS that is never given up: whoever leads may be away for as long as it takes. The client's packages
 * are loaded here and only by a call, so that a Sluice without a shared log does not pay for them.
 */
import type { JetStreamManager } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';

export interface Nats {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  /** Names that nobody else has. */
  readonly unique: () => string;
  readonly headers: () => MsgHdrs;
  close(): Promise<void>;
}

export interface NatsAddress {
  /** `nats://host:port` each, with user and password if there are any. */
  readonly servers: readonly string[];
  /** As the servers list it. */
  readonly name: string;
}

const requestMs = 3_000;

/** Resolves once a server has answered; waits for it without end. */
export async function connectNats({ servers, name }: NatsAddress): Promise<Nats> {
  const [{ connect, headers, nuid }, { jetstreamManager }] = await Promise.all([
    import('@nats-io/transport-node'),
    import('@nats-io/jetstream'),
  ]);
  const connection = await connect({
    servers: [...servers],
    name,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    reconnectJitter: 100,
    pingInterval: 5_000,
    maxPingOut: 2,
  });
  return {
    connection,
    manager: await jetstreamManager(connection, { timeout: requestMs, checkAPI: false }),
    unique: () => nuid.next(),
    headers,
    close: () => connection.close(),
  };
}
