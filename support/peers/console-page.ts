/** The console of a running Sluice in Chromium, with all that the browser complains of. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page, PageOptions } from './chromium.ts';

/** What the page has; the checks of tests know no browser. */
declare const document: {
  querySelectorAll(
    selector: string,
  ): Iterable<{ getAttribute(name: string): string | null; textContent: string | null }>;
};

export interface ConsolePage {
  readonly page: Page;
  /** Errors of scripts, of the security policy and of loading, as the browser's console says them. */
  readonly complaints: string[];
}

/** `path`: behind the server's own address. */
export async function openConsole(
  browser: Browser,
  url: string,
  path = '/',
  options: PageOptions = {},
): Promise<ConsolePage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${url}${path}`);
  return { page, complaints };
}

/** The texts of the rows that are drawn, from above. */
export async function rowTexts(page: Page): Promise<string[]> {
  const rows = await page.evaluate(() => {
    const found = [...document.querySelectorAll('.row')];
    const placed = found.map((row) => ({ at: Number(row.getAttribute('aria-posinset')), text: row.textContent ?? '' }));
    return placed.sort((one, other) => one.at - other.at).map(({ text }) => text);
  }, null);
  return rows;
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** What axe-core finds on the page as it is now, one sentence each. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(`${source}; null`);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResult; // as axe-core documents it
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} (${failureSummary})`),
  );
}
