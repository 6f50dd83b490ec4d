/**
 * Sluice, its ceiling and its peer, all running, for a case that asks them in turns.
 */
import { withBare } from '../peers/bare.ts';
import { installNats, type NatsServer, withNats } from '../peers/nats.ts';
import { type OwnServer, withServer } from './own-server.ts';

export interface Compared {
  readonly sluice: OwnServer;
  readonly bare: OwnServer;
  /** Null where it cannot be had. */
  readonly nats: NatsServer | null;
}

/** `natsSkipped` says why there was no NATS. */
export async function withCompared<Result>(
  root: string,
  work: (servers: Compared) => Promise<Result>,
): Promise<{ readonly result: Result; readonly natsSkipped?: string }> {
  const install = installNats(root);
  const result = await withServer(root, {}, (sluice) =>
    withBare(root, (bare) =>
      'binary' in install
        ? withNats(install.binary, (nats) => work({ sluice, bare, nats }))
        : work({ sluice, bare, nats: null }),
    ),
  );
  return { result, ...('sentence' in install && { natsSkipped: install.sentence }) };
}
