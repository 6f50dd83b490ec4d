/** A describe of a real Sluice and a Chromium that looks at it; skipped in one line where Chromium is missing. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Browser, findChromium, type PageOptions } from '../../support/peers/chromium.ts';
import { type ConsolePage, openConsole } from '../../support/peers/console-page.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';

export interface ConsoleWorld {
  /** A test may put another one in its place. */
  server: TestSluice;
  browser: Browser;
  /** A page of its console. `path`: behind the server's own address. */
  open(path?: string, options?: PageOptions): Promise<ConsolePage>;
}

interface Options {
  /** Settings of Sluice. */
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of Chromium. */
  readonly flags?: readonly string[];
}

const chromium = await findChromium(repositoryRoot());

export function describeConsole(
  name: string,
  { env = {}, flags = [] }: Options,
  laws: (world: ConsoleWorld) => void,
): void {
  describe(name, () => {
    if (!chromium.found) {
      it.skip(chromium.sentence, () => undefined);
      return;
    }
    const made: { server?: TestSluice; browser?: Browser } = {};
    const open: ConsoleWorld['open'] = (path, options) => openConsole(world.browser, world.server.url, path, options);
    const world = Object.assign(made, { open }) as ConsoleWorld; // the rest comes before the first test
    beforeAll(async () => {
      world.browser = await chromium.launch(flags);
      world.server = await startSluice({ env });
    });
    afterAll(async () => {
      await made.browser?.close();
      await made.server?.stop();
      if (made.server !== undefined) removeData(made.server);
    });
    laws(world);
  });
}
