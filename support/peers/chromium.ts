/**
 * Chromium as the system has it, driven by playwright-core, which brings no browser of its own. That package is for
 * tests and pictures alone, so it is no dependency: it stands in a folder of its own in `.tmp/`, made once.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { installPackage } from './validators.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const pin = 'playwright-core@1.65.1';

/** What is used of playwright-core. */
export interface Browser {
  newPage(options?: PageOptions): Promise<Page>;
  close(): Promise<void>;
}

export interface PageOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'light' | 'dark';
  /** Takes a certificate that nobody vouches for. */
  readonly ignoreHTTPSErrors?: boolean;
}

export interface Page {
  goto(url: string): Promise<unknown>;
  url(): string;
  close(): Promise<void>;
  waitForFunction(expression: string, given?: unknown, options?: { readonly timeout: number }): Promise<unknown>;
  waitForEvent(name: 'download'): Promise<Download>;
  on(name: 'console', hear: (message: { type(): string; text(): string }) => void): void;
  on(name: 'pageerror', hear: (error: Error) => void): void;
  on(name: 'response', hear: (response: Answered) => void): void;
  locator(selector: string): Locator;
  getByRole(role: string, options?: { readonly name?: string | RegExp; readonly exact?: boolean }): Locator;
  getByLabel(text: string, options?: { readonly exact?: boolean }): Locator;
  getByText(text: string | RegExp): Locator;
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  readonly mouse: {
    move(x: number, y: number, options?: { readonly steps: number }): Promise<void>;
    down(): Promise<void>;
    up(): Promise<void>;
  };
  screenshot(options: { readonly path: string; readonly animations?: 'disabled' }): Promise<unknown>;
  /** Runs in the page, and may name nothing but its argument. */
  evaluate<Given, Found>(work: (given: Given) => Promise<Found> | Found, given: Given): Promise<Found>;
  /** The value of an expression, or what its promise resolves with. */
  evaluate(expression: string): Promise<unknown>;
}

/** An answer that a page got. */
export interface Answered {
  url(): string;
  status(): number;
  text(): Promise<string>;
  request(): { method(): string; postData(): string | null };
}

export interface Download {
  path(): Promise<string>;
}

/** What a selector finds, looked for anew at each use; it waits for it. */
export interface Locator {
  click(): Promise<void>;
  fill(text: string): Promise<void>;
  innerText(): Promise<string>;
  allInnerTexts(): Promise<string[]>;
  inputValue(): Promise<string>;
  count(): Promise<number>;
  first(): Locator;
  getByText(text: string | RegExp): Locator;
  waitFor(options?: { readonly state?: 'visible' | 'hidden'; readonly timeout?: number }): Promise<void>;
  boundingBox(): Promise<{
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  } | null>;
}

interface Playwright {
  readonly chromium: { launch(options: object): Promise<Browser> };
}

export type InstalledChromium =
  | { readonly found: true; readonly launch: (more?: readonly string[]) => Promise<Browser> }
  | { readonly found: false; readonly sentence: string };

/** Never throws. */
export async function findChromium(root: string): Promise<InstalledChromium> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const path = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file));
  if (path === undefined) {
    return { found: false, sentence: 'Skipped: Chromium is not installed (apt-get install chromium)' };
  }
  const installed = await installPackage(join(root, '.tmp', 'playwright'), pin);
  if (!installed.found) return installed;
  const requireThere = createRequire(join(installed.folder, 'package.json'));
  const { chromium } = requireThere('playwright-core') as Playwright; // as declared above
  // Root may not use its sandbox, and containers have little shared memory.
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
  return { found: true, launch: (more = []) => chromium.launch({ executablePath: path, args: [...args, ...more] }) };
}
