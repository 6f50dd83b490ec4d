/**
 * The apps of the edge library that serve. The one that takes new connections stands last. One before it serves on
 * until its last connection has closed.
 */
import type { TemplatedApp } from './uws.ts';

/** What an app is told of its connections. */
export interface AppTally {
  /** One more, or one less. */
  connections(change: number): void;
}

export interface AppMaking {
  /** Where they stand, for as long as the edge lives. */
  readonly apps: TemplatedApp[];
  /** Throws StartRefused for a certificate or key that cannot serve. */
  readonly make: () => TemplatedApp;
  /** Gives an app its routes. */
  readonly furnish: (app: TemplatedApp, tally: AppTally) => void;
}

interface Served {
  readonly app: TemplatedApp;
  open: number;
  /** It takes no new connection any more. */
  isRetired: boolean;
}

export class ServingApps {
  readonly #served = new Map<TemplatedApp, Served>();
  readonly #making: AppMaking;

  constructor(making: AppMaking) {
    this.#making = making;
  }

  /** One more, which is the newest from now on. Throws as `make` does. */
  add(): TemplatedApp {
    const app = this.#making.make();
    const served: Served = { app, open: 0, isRetired: false };
    this.#making.furnish(app, {
      connections: (change) => {
        served.open += change;
        this.#letGoIfIdle(served);
      },
    });
    this.#served.set(app, served);
    this.#making.apps.push(app);
    return app;
  }

  /** For one that has stopped listening: it is let go when its last connection has closed. */
  retire(app: TemplatedApp): void {
    const served = this.#served.get(app);
    if (served === undefined) return;
    served.isRetired = true;
    this.#letGoIfIdle(served);
  }

  /** One that could not listen. */
  drop(app: TemplatedApp): void {
    if (!this.#served.delete(app)) return;
    this.#making.apps.splice(this.#making.apps.indexOf(app), 1);
    app.close();
  }

  close(): void {
    this.#served.clear();
    for (const app of this.#making.apps.splice(0)) app.close();
  }

  #letGoIfIdle(served: Served): void {
    if (!isIdle(served)) return;
    // In a later turn: the library is still at work on the connection.
    setImmediate(() => {
      if (isIdle(served)) this.drop(served.app);
    });
  }
}

function isIdle({ open, isRetired }: Served): boolean {
  return isRetired && open === 0;
}
