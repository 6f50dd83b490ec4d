/**
 * Listens, and goes on listening over a renewed certificate: that needs a new app of the edge library, which reads one
 * only when an app is made.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from '../base/log.ts';
import { type Listening, listen, listenBeside } from './listen.ts';
import { watchNearPeers } from './near-peers.ts';
import { type AppMaking, ServingApps } from './serving-apps.ts';
import { secureApp, type TlsFiles } from './tls.ts';
import type { LoadedUws, TemplatedApp } from './uws.ts';
import { watchCertificate } from './watch-certificate.ts';

export interface EdgeApp {
  readonly port: number;
  /** Takes no new connection. Idempotent. */
  stop(): void;
  /** Cuts off what is left. */
  close(): void;
}

export interface EdgeAppOptions extends Pick<AppMaking, 'apps' | 'furnish'> {
  readonly host: string;
  readonly port: number;
  /** Null serves without TLS. */
  readonly tls: TlsFiles | null;
  readonly log: Log;
  /** Whether more than one connection is open. */
  readonly isShared: () => boolean;
}

/** Resolves when it listens. Throws StartRefused for a port that cannot be had, or a pair that cannot serve. */
export async function openEdgeApp(library: LoadedUws, options: EdgeAppOptions): Promise<EdgeApp> {
  const { tls, log, host, apps, furnish } = options;
  const make = (): TemplatedApp => (tls === null ? library.uws.App() : secureApp(library.uws, tls, log));
  const serving = new ServingApps({ apps, make, furnish });
  let newest = serving.add();
  let listening = await listen(library, newest, host, options.port);
  let isStopped = false;

  async function renew(): Promise<void> {
    const app = serving.add();
    const before = { app: newest, listening };
    const next = await besideOrNot(app, listening);
    newest = app;
    listening = next;
    // Making the app took milliseconds. The system resets who connected meanwhile, unless they are accepted first.
    await nextTurn();
    await nextTurn();
    before.listening.stop();
    serving.retire(before.app);
    if (isStopped) next.stop();
    log.info({ cert: tls?.cert }, 'the certificate was read again: new connections get it');
  }

  async function besideOrNot(app: TemplatedApp, { port }: Listening): Promise<Listening> {
    try {
      return await listenBeside(library, app, host, port);
    } catch (error) {
      serving.drop(app);
      throw error;
    }
  }

  const isNarrowing = library.needsSmallBuffer && process.platform === 'linux';
  const endNear = isNarrowing ? watchNearPeers(listening.port, options.isShared) : () => undefined;
  const endWatch = tls === null ? () => undefined : watchCertificate(tls, renew, log);
  return {
    port: listening.port,
    stop() {
      isStopped = true;
      endWatch();
      listening.stop();
    },
    close() {
      endNear();
      serving.close();
    },
  };
}
