/** The live view of the console in Chromium, against a real Sluice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../client/src/node.ts';
import { type Browser, findChromium } from '../../support/peers/chromium.ts';
import { openConsole, rowTexts } from '../../support/peers/console-page.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { uniqueWord } from '../../support/target.ts';

const chromium = await findChromium(repositoryRoot());

describe('the live view', () => {
  if (!chromium.found) {
    it.skip(chromium.sentence, () => undefined);
    return;
  }
  let server: TestSluice;
  let browser: Browser;
  const env = { SLUICE_FLUSH_MS: '50', SLUICE_PING_MS: '500' };

  beforeAll(async () => {
    browser = await chromium.launch();
    server = await startSluice({ env });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    removeData(server);
  });

  it('shows how to send the first event where there is none, and does it', async () => {
    const { page, complaints } = await openConsole(browser, server.url);
    await page.getByRole('button', { name: 'Send an event' }).click();
    await page.getByText('sluice.hello').first().waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows an event within a second of its emit', async () => {
    const resource = uniqueWord();
    const { page, complaints } = await openConsole(browser, server.url, `/console/live?q=resource:${resource}`);
    await page.getByText('Live from here').waitFor();
    const publisher = connect({ url: server.url }).publisher();
    const start = performance.now();
    await publisher.emit({ event: 'a.first', resource: { 'prefect.resource.id': resource } });
    await page.getByText('a.first').first().waitFor({ timeout: 1000 });
    expect(performance.now() - start).toBeLessThan(1000);
    await publisher.close();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows each event once and in order through a restart, and says that it was away', async () => {
    const resource = uniqueWord();
    const { page } = await openConsole(browser, server.url, `/console/live?q=resource:${resource}`, {
      viewport: { width: 1280, height: 2400 },
    });
    await page.getByText('Live from here').waitFor();
    await emitNumbers(server.url, resource, 0, 20);
    await page.getByText('nr-19').waitFor();
    const port = Number(new URL(server.url).port);
    const { dataDir } = server;
    await server.stop();
    await page.getByText('Not connected, trying again').waitFor();
    server = await startSluice({ env, dataDir, port });
    await emitNumbers(server.url, resource, 20, 40);
    await page.getByText('nr-39').waitFor();
    const texts = await rowTexts(page);
    const numbers = texts.flatMap((text) => [...text.matchAll(/nr-(\d+)/g)].map(([, number]) => Number(number)));
    expect(numbers).toEqual(Array.from({ length: 40 }, (_, at) => 39 - at));
    expect(texts.some((text) => text.includes('nothing was left out'))).toBe(true);
    await page.close();
  });

  it('pauses when a row is opened, counts what comes, and goes on without a loss', async () => {
    const resource = uniqueWord();
    await emitNumbers(server.url, resource, 0, 3);
    const { page, complaints } = await openConsole(browser, server.url, `/console/live?q=resource:${resource}`, {
      viewport: { width: 1280, height: 2400 },
    });
    await page.getByText('Live from here').waitFor();
    await page.getByText('nr-2').click();
    await page.getByRole('button', { name: 'Copy as JSON' }).waitFor();
    await emitNumbers(server.url, resource, 3, 10);
    await page.getByRole('button', { name: 'Go on (7 new)' }).click();
    await page.getByText('nr-9').waitFor();
    const numbers = (await rowTexts(page)).flatMap((text) => /nr-(\d+)/.exec(text)?.[1] ?? []);
    expect(numbers).toEqual(['9', '8', '7', '6', '5', '4', '3', '2', '1', '0']);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('makes a filter of what was clicked, and keeps it in the address', async () => {
    const resource = uniqueWord();
    await emitNumbers(server.url, resource, 0, 3);
    const { page, complaints } = await openConsole(browser, server.url, `/console/live?q=resource:${resource}`);
    await page.getByText('Live from here').waitFor();
    await page.getByText('nr-1').click();
    await page.getByRole('button', { name: 'Filter: is event:nr-1' }).click();
    await page.getByText('nr-0').waitFor({ state: 'hidden' });
    expect(new URL(page.url()).searchParams.get('q')).toBe(`resource:${resource} event:nr-1`);
    await page.getByRole('button', { name: 'Remove event:nr-1' }).click();
    await page.getByText('nr-0').waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows a refusal as it is', async () => {
    const { page } = await openConsole(browser, server.url);
    await page.getByLabel('Filter').fill('event:a event:b*');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('alert').innerText()).toContain('event:a or event:b* cannot be said');
    await page.close();
  });
});

async function emitNumbers(url: string, resource: string, first: number, end: number): Promise<void> {
  const publisher = connect({ url }).publisher();
  for (let nr = first; nr < end; nr += 1) {
    await publisher.emit({ event: `nr-${nr}`, resource: { 'prefect.resource.id': resource } });
  }
  await publisher.close();
}
