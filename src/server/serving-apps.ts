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
  /** Throws StartRefused for a certificate or key that cannot serve. */
  readonly make: () => TemplatedApp;
  /** Gives an app its routes. */
  readonly furnish: (app: TemplatedApp, tally: AppTally) => void;
}

export class ServingApps {
  /** The same array for as long as the edge lives. */
  readonly all: TemplatedApp[] = [];
  readonly #making: AppMaking;

  constructor(making: AppMaking) {
    this.#making = making;
  }

  /** One more, which is the newest from now on. Throws as `make` does. */
  add(): TemplatedApp {
    const app = this.#making.make();
    let open = 0;
    this.#making.furnish(app, {
      connections: (change) => {
        open += change;
        // In a later turn: the library is still at work on the connection.
        if (open === 0 && !this.#isNewest(app)) setImmediate(() => open === 0 && this.#letGo(app));
      },
    });
    this.all.push(app);
    return app;
  }

  /** One that could not listen. */
  drop(app: TemplatedApp): void {
    const at = this.all.indexOf(app);
    if (at < 0) return;
    this.all.splice(at, 1);
    app.close();
  }

  close(): void {
    for (const app of this.all.splice(0)) app.close();
  }

  #isNewest(app: TemplatedApp): boolean {
    return app === this.all.at(-1);
  }

  #letGo(app: TemplatedApp): void {
    if (!this.#isNewest(app)) this.drop(app);
  }
}
