/**
 * The app of the edge library that takes new connections, and those before it: a renewed certificate needs a new app,
 * for the library reads one only when an app is made. An app that was replaced serves on until its last connection has
 * closed.
 */
import { createHash } from 'node:crypto';
import { firstLineOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { type Listening, listen, listenBeside } from './listen.ts';
import { contentOf, secureApp, type TlsFiles } from './tls.ts';
import type { LoadedUws, TemplatedApp } from './uws.ts';

/** What an app is told of its connections. */
export interface AppTally {
  /** One more, or one less. */
  connections(change: number): void;
}

export interface EdgeApp {
  /** The newest one last. */
  readonly apps: readonly TemplatedApp[];
  /** Resolves to the port when it listens. Throws StartRefused. */
  start(host: string, port: number): Promise<number>;
  /** Takes no new connection. Idempotent. */
  stop(): void;
  /** Cuts off what is left. */
  close(): void;
}

export interface EdgeAppOptions {
  /** Null serves without TLS. */
  readonly tls: TlsFiles | null;
  readonly log: Log;
  /** Gives an app its routes. */
  readonly furnish: (app: TemplatedApp, tally: AppTally) => void;
}

const lookMs = 500;

/** Throws StartRefused for a certificate or key that cannot serve. */
export function openEdgeApp(library: LoadedUws, { tls, log, furnish }: EdgeAppOptions): EdgeApp {
  const apps: TemplatedApp[] = [];
  let listening: Listening | null = null;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;

  function add(): TemplatedApp {
    const app = tls === null ? library.uws.App() : secureApp(library.uws, tls, log);
    let open = 0;
    furnish(app, {
      connections(change) {
        open += change;
        // In a later turn: the library is still at work on the connection.
        if (open === 0 && app !== apps.at(-1)) setImmediate(() => open === 0 && letGo(app));
      },
    });
    apps.push(app);
    return app;
  }

  function letGo(app: TemplatedApp): void {
    const at = apps.indexOf(app);
    if (at < 0 || app === apps.at(-1)) return;
    apps.splice(at, 1);
    app.close();
  }

  async function renew(host: string, before: Listening): Promise<void> {
    const app = add();
    const next = await listenBeside(library, app, host, before.port).catch((error: unknown) => {
      apps.splice(apps.indexOf(app), 1);
      app.close();
      throw error;
    });
    listening = next;
    before.stop();
    if (isStopped) next.stop();
    log.info({ cert: tls?.cert }, 'the certificate was read again: new connections get it');
  }

  function watch(files: TlsFiles, host: string): void {
    let served = digestOf(files);
    let refused: string | null = null;
    const look = async (): Promise<void> => {
      const found = digestOf(files);
      if (found === served || found === null || found === refused || listening === null || isStopped) return;
      try {
        await renew(host, listening);
        served = found;
        refused = null;
      } catch (error) {
        // Both files are rarely written at once: the next look may find a whole pair.
        refused = found;
        log.error({ reason: firstLineOf(error) }, 'The changed certificate cannot serve; the one before it goes on');
      }
    };
    const next = (): void => {
      timer = setTimeout(() => void look().finally(() => !isStopped && next()), lookMs).unref();
    };
    next();
  }

  add();
  return {
    apps,
    async start(host, port) {
      const [app] = apps;
      if (app === undefined) throw new Error('an edge has an app');
      listening = await listen(library, app, host, port);
      if (tls !== null) watch(tls, host);
      return listening.port;
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      listening?.stop();
    },
    close() {
      for (const app of apps.splice(0)) app.close();
    },
  };
}

/** Null while they cannot be read. */
function digestOf(files: TlsFiles): string | null {
  const content = contentOf(files);
  return content === null ? null : createHash('sha256').update(content).digest('hex');
}
