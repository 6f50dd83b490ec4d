/** Both kinds of Prefect's web pages in Chromium show what Sluice answers. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { publish, untilFound } from '../../support/events.ts';
import type { InstalledChromium } from '../../support/peers/chromium.ts';
import type { PageParts } from './page-laws.ts';
import type { Beside } from './start-beside.ts';
import { compareWithSluice, openPages, pageFlags, pageKinds, type WebPages } from './web-pages.ts';

type Parts = Pick<PageParts, 'beside' | 'run'>;

/** It sends events to Sluice itself: to be called when it no longer matters that Prefect may lack them. */
export function browserLaw(chromium: InstalledChromium, partsOf: () => Parts, testMs: number): void {
  if (!chromium.found) {
    it.skip(chromium.sentence, () => undefined);
    return;
  }
  it(
    'shows in a browser, on both kinds of its pages, what Sluice answers: the events, one event, and a run',
    async () => {
      const { beside, run } = partsOf();
      const sentToSluice = await emitToSluice(beside);
      const browser = await chromium.launch(pageFlags);
      try {
        for (const kind of pageKinds) {
          const pages = await openPages(browser, beside, kind);
          await anew(() => showsEvents(pages, beside));
          await showsEvent(pages, beside, sentToSluice);
          await showsRun(pages, beside, run.id);
          await pages.page.close();
        }
      } finally {
        await browser.close();
      }
    },
    testMs,
  );
}

const triesMax = 5;

/** An automation may fire between the page's question and ours: then the page is looked at anew. */
async function anew(look: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await look();
    } catch (error) {
      if (tries === triesMax) throw error;
    }
  }
}

async function showsEvents(pages: WebPages, { sluiceItself }: Beside): Promise<void> {
  const listed = await pages.show('/events', async () => {
    const isAnswered = ['filter', 'count-by/'].every((path) => pages.isAnswered(`/api/events/${path}`));
    return isAnswered && (await pages.eventNames()).includes('sent.to.sluice');
  });
  const [events] = await compareWithSluice(sluiceItself, listed, '/api/events/filter');
  expect(await pages.eventNames()).toEqual(events?.names);
  await compareWithSluice(sluiceItself, listed, '/api/events/count-by/');
}

interface Emitted {
  readonly id: string;
  readonly occurred: string;
}

async function showsEvent(pages: WebPages, { sluiceItself }: Beside, { id, occurred }: Emitted): Promise<void> {
  const one = await pages.show(
    `/events/event/${occurred.slice(0, 10)}/${id}`,
    async () => pages.isAnswered('/api/events/filter') && (await pages.says('sent.to.sluice')),
  );
  const [event] = await compareWithSluice(sluiceItself, one, '/api/events/filter');
  expect(event).toMatchObject({ names: ['sent.to.sluice'], total: 1 });
}

/** Its graph has what happened from the start of the run to its end. */
async function showsRun(pages: WebPages, { sluiceItself }: Beside, runId: string): Promise<void> {
  const asked = await pages.show(`/runs/flow-run/${runId}`, async () => pages.isAnswered('/api/events/filter', runId));
  const last = (await compareWithSluice(sluiceItself, asked, '/api/events/filter', runId)).at(-1);
  expect(last?.names).toContain('prefect.flow-run.Running');
  expect(last?.total).toBe(last?.names.length);
}

/**
 * One of now, and one of the minute before, for the newer pages leave out the minute that runs. Gives the older one.
 * On level 1 Prefect itself does not have them.
 */
async function emitToSluice({ sluiceItself }: Beside): Promise<Emitted> {
  const now = Date.now();
  const older = { id: randomUUID(), occurred: new Date(Math.floor(now / 60_000) * 60_000 - 1_000).toISOString() };
  const newer = { id: randomUUID(), occurred: new Date(now).toISOString() };
  const fields = { event: 'sent.to.sluice', resource: { 'prefect.resource.id': 'front.0' } };
  await publish(sluiceItself, [
    { ...older, ...fields },
    { ...newer, ...fields },
  ]);
  await untilFound(sluiceItself, { event: { name: ['sent.to.sluice'] } }, 2);
  return older;
}
