/**
 * Prefect's own web pages in Chromium, through the front: what they ask of events, what they are answered, and what
 * they show of it.
 */
import { expect } from 'vitest';
import { post } from '../../support/http.ts';
import type { Browser, Page } from '../../support/peers/chromium.ts';
import type { Target } from '../../support/target.ts';
import { patiently } from './patiently.ts';
import { authString, type Beside } from './start-beside.ts';
import { shown } from './ui-calls.ts';

/** Its older pages, and the newer ones. */
export const pageKinds = ['v1', 'v2'] as const;
export type PageKind = (typeof pageKinds)[number];

const kinds = {
  v1: { path: '', eventNames: '.workspace-event-description__event' },
  v2: { path: '/v2', eventNames: 'ol > li a[href*="/events/event/"] + .font-mono' },
} as const satisfies Record<PageKind, { readonly path: string; readonly eventNames: string }>;

/** One question of a page about events. */
export interface PageCall {
  /** Of the API, with `/api`. */
  readonly path: string;
  readonly body: string;
  readonly answer: string;
}

/** A page asks for nothing outside of this machine. */
export const pageFlags = ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1'];

export class WebPages {
  readonly page: Page;
  readonly #base: string;
  readonly #kind: PageKind;
  #calls: PageCall[] = [];

  constructor(page: Page, base: string, kind: PageKind) {
    this.page = page;
    this.#base = base;
    this.#kind = kind;
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      const body = response.request().postData();
      const at = pathname.indexOf('/api/events/');
      if (at < 0 || body === null) return;
      const [calls, path] = [this.#calls, pathname.slice(at)];
      response.text().then(
        (answer) => calls.push({ path, body, answer }),
        // A page that is left behind loses its answers.
        () => undefined,
      );
    });
  }

  /** Goes to a page, and gives what it has asked of events by the time that the fact holds. */
  async show(path: string, fact: () => Promise<boolean>): Promise<readonly PageCall[]> {
    this.#calls = [];
    await this.page.goto(`${this.#base}${kinds[this.#kind].path}${path}`);
    await patiently(`the ${this.#kind} page ${path} shows it`, async () => (await fact()) || undefined);
    return [...this.#calls];
  }

  /** Of the events that the page lists, in its order. */
  async eventNames(): Promise<string[]> {
    const texts = await this.page.locator(kinds[this.#kind].eventNames).allInnerTexts();
    return texts.map((text) => text.trim());
  }

  async says(text: string): Promise<boolean> {
    return String(await this.page.evaluate('document.body.innerText')).includes(text);
  }

  /** Whether the page was answered there, on events of this run if one is given. */
  isAnswered(start: string, runId = ''): boolean {
    return this.#calls.some(({ path, body }) => path.startsWith(start) && isAbout(body, runId));
  }
}

/** Signed in as a person does it. */
export async function openPages(browser: Browser, beside: Beside, kind: PageKind): Promise<WebPages> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1_000 }, ignoreHTTPSErrors: true });
  const pages = new WebPages(page, beside.front.baseUrl(), kind);
  await page.goto(`${beside.front.baseUrl()}${kinds[kind].path}/events`);
  const field = page.locator('input[type=password]').first();
  await field.fill(authString);
  await page.keyboard.press('Enter');
  await field.waitFor({ state: 'hidden' });
  return pages;
}

export interface SluiceAnswer {
  /** Of the events of a page, in its order. */
  readonly names: readonly string[];
  readonly total: number | null;
}

/** Asks Sluice itself what the page has asked: the answers must be the same. Gives them; there is one at least. */
export async function compareWithSluice(
  sluice: Target,
  calls: readonly PageCall[],
  path: string,
  runId = '',
): Promise<SluiceAnswer[]> {
  const asked = calls.filter((call) => call.path.startsWith(path) && isAbout(call.body, runId));
  expect(asked.length, `questions to ${path}`).toBeGreaterThan(0);
  const answers: SluiceAnswer[] = [];
  for (const { path: exact, body, answer } of asked) {
    const { text } = await post(sluice, exact, body);
    expect({ exact, body, shown: shown(answer) }).toEqual({ exact, body, shown: shown(text) });
    const { events = [], total = null } = JSON.parse(text) as Answered; // the API's answer
    answers.push({ names: events.map(({ event }) => event), total });
  }
  return answers;
}

interface Answered {
  readonly events?: readonly { readonly event: string }[];
  readonly total?: number;
}

function isAbout(body: string, runId: string): boolean {
  return runId === '' || body.includes(`"any_resource":{"id":["prefect.flow-run.${runId}"]}`);
}
