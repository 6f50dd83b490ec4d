/**
 * Chromium as the system has it, driven by playwright-core, which brings no browser of its own. That package is for
 * one test alone, so it is no dependency: it stands in a folder of its own in `.tmp/`, made once.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { installOnce, lastLine, run } from './validators.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const pin = 'playwright-core@1.65.1';

/** What is used of playwright-core. */
export interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Page {
  goto(url: string): Promise<unknown>;
  waitForFunction(expression: string): Promise<unknown>;
  /** Runs in the page, and may name nothing but its argument. */
  evaluate<Given, Found>(work: (given: Given) => Promise<Found> | Found, given: Given): Promise<Found>;
}

interface Playwright {
  readonly chromium: { launch(options: object): Promise<Browser> };
}

export type InstalledChromium =
  | { readonly found: true; readonly launch: () => Promise<Browser> }
  | { readonly found: false; readonly sentence: string };

/** Never throws. */
export async function findChromium(root: string): Promise<InstalledChromium> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const path = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file));
  if (path === undefined) {
    return { found: false, sentence: 'Skipped: Chromium is not installed (apt-get install chromium)' };
  }
  const folder = join(root, '.tmp', 'playwright');
  const installed = await installOnce(folder, pin, async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    const npm = await run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, pin]);
    return npm.code === 0 ? null : `npm does not give ${pin}: ${lastLine(npm.output)}`;
  });
  if (!installed.found) return installed;
  const requireThere = createRequire(join(folder, 'package.json'));
  const { chromium } = requireThere('playwright-core') as Playwright; // as declared above
  // Root may not use its sandbox, and containers have little shared memory.
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
  return { found: true, launch: () => chromium.launch({ executablePath: path, args }) };
}
