/** The live view of the console in Chromium, against a real Sluice. */
import { expect, it } from 'vitest';
import { connect } from '../../client/src/node.ts';
import { rowTexts } from '../../support/peers/console-page.ts';
import { startSluice } from '../../support/sluice.ts';
import { uniqueWord } from '../../support/target.ts';
import { describeConsole } from './in-console.ts';

const env = { SLUICE_FLUSH_MS: '50', SLUICE_PING_MS: '500' };

describeConsole('the live view', { env }, (world) => {
  it('shows how to send the first event where there is none, and does it', async () => {
    const { page, complaints } = await world.open();
    const button = page.getByRole('button', { name: 'Send an event' });
    await button.waitFor();
    // Right below the bars, with no empty list above it.
    expect((await button.boundingBox())?.y).toBeLessThan(320);
    await button.click();
    await page.getByText('sluice.hello').first().waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows an event within a second of its emit', async () => {
    const resource = uniqueWord();
    const { page, complaints } = await world.open(`/console/live?q=resource:${resource}`);
    await page.getByText('Live from here').waitFor();
    const publisher = connect({ url: world.server.url }).publisher();
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
    const { page } = await world.open(`/console/live?q=resource:${resource}`, {
      viewport: { width: 1280, height: 2400 },
    });
    await page.getByText('Live from here').waitFor();
    await emitNumbers(world.server.url, resource, 0, 20);
    await page.getByText('nr-19.').waitFor();
    const port = Number(new URL(world.server.url).port);
    const { dataDir } = world.server;
    await world.server.stop();
    await page.getByText('Not connected, trying again').waitFor();
    world.server = await startSluice({ env, dataDir, port });
    await emitNumbers(world.server.url, resource, 20, 40);
    await page.getByText('nr-39.').waitFor();
    const texts = await rowTexts(page);
    const numbers = texts.flatMap((text) => [...text.matchAll(/nr-(\d+)/g)].map(([, number]) => Number(number)));
    expect(numbers).toEqual(Array.from({ length: 40 }, (_, at) => 39 - at));
    expect(texts.some((text) => text.includes('nothing was left out'))).toBe(true);
    await page.close();
  });

  it('pauses when a row is opened, counts what comes, and goes on without a loss', async () => {
    const resource = uniqueWord();
    await emitNumbers(world.server.url, resource, 0, 3);
    const { page, complaints } = await world.open(`/console/live?q=resource:${resource}`, {
      viewport: { width: 1280, height: 2400 },
    });
    await page.getByText('Live from here').waitFor();
    await page.getByText('nr-2.').click();
    await page.getByRole('button', { name: 'Copy as JSON' }).waitFor();
    await emitNumbers(world.server.url, resource, 3, 10);
    await page.getByRole('button', { name: 'Go on (7 new)' }).click();
    await page.getByText('nr-9.').waitFor();
    const numbers = (await rowTexts(page)).flatMap((text) => /nr-(\d+)/.exec(text)?.[1] ?? []);
    expect(numbers).toEqual(['9', '8', '7', '6', '5', '4', '3', '2', '1', '0']);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('ends the feed when too much waits, counts on, and goes on behind the last event that came', async () => {
    const resource = uniqueWord();
    const { page } = await world.open(`/console/live?q=resource:${resource}`);
    await page.getByText('Live from here').waitFor();
    await emitNumbers(world.server.url, resource, 0, 1);
    await page.getByText('nr-0.').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await emitNumbers(world.server.url, resource, 1, 10_801);
    await page.getByRole('button', { name: /Go on \(about 1\d,\d{3} new\)/ }).click();
    await page.getByText('nr-10800.').waitFor();
    // 10,000 rows are kept: were one missing or there twice, another one would be the last.
    await page
      .getByText(/^Live$/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.evaluate('document.querySelector(".rows").scrollTop = 1e9');
    await page.getByText('nr-801.').waitFor();
    const texts = await rowTexts(page);
    expect(texts.at(-1)).toContain('nr-801.');
    await page.close();
  });

  it('leaves out what came meanwhile when one jumps to now, says how much, and loads it when asked', async () => {
    const resource = uniqueWord();
    const { page, complaints } = await world.open(`/console/live?q=resource:${resource}`);
    await page.getByText('Live from here').waitFor();
    await emitNumbers(world.server.url, resource, 0, 2);
    await page.getByText('nr-1.').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await emitNumbers(world.server.url, resource, 2, 7);
    await page.getByRole('button', { name: 'Go on (5 new)' }).waitFor();
    await page.getByRole('button', { name: 'Jump to now' }).click();
    await page.getByText('Left out here: 5 events').waitFor();
    await emitNumbers(world.server.url, resource, 7, 8);
    await page.getByText('nr-7.').waitFor();
    expect(await page.getByText('nr-4.').count()).toBe(0);
    await page.getByRole('button', { name: 'Load them' }).click();
    await page.getByText('nr-4.').waitFor();
    const numbers = (await rowTexts(page)).flatMap((text) => /nr-(\d+)/.exec(text)?.[1] ?? []);
    expect(numbers).toEqual(['7', '6', '5', '4', '3', '2']);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows what follows an event of the same resource, oldest first', async () => {
    const resource = uniqueWord();
    const { page, complaints } = await world.open(`/console/live?q=resource:${resource}`);
    await page.getByText('Live from here').waitFor();
    for (let nr = 0; nr < 4; nr += 1) {
      await emitNumbers(world.server.url, resource, nr, nr + 1);
      await page.getByText(`nr-${nr}.`).waitFor();
    }
    await page.getByText('nr-1.').click();
    await page.getByRole('button', { name: 'What follows this' }).click();
    await page.getByText('nr-0.').waitFor({ state: 'hidden' });
    await page.getByText('Live from here').waitFor();
    const numbers = (await rowTexts(page)).flatMap((text) => /nr-(\d+)/.exec(text)?.[1] ?? []);
    expect(numbers).toEqual(['1', '2', '3']);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('makes a filter of what was clicked, and keeps it in the address', async () => {
    const resource = uniqueWord();
    await emitNumbers(world.server.url, resource, 0, 3);
    const { page, complaints } = await world.open(`/console/live?q=resource:${resource}`);
    await page.getByText('Live from here').waitFor();
    await page.getByText('nr-1.').click();
    await page.getByRole('button', { name: 'Filter: is event:nr-1.' }).click();
    await page.getByText('nr-0.').waitFor({ state: 'hidden' });
    expect(new URL(page.url()).searchParams.get('q')).toBe(`resource:${resource} event:nr-1.`);
    await page.getByRole('button', { name: 'Remove event:nr-1.' }).click();
    await page.getByText('nr-0.').waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows a refusal as it is', async () => {
    const { page } = await world.open();
    await page.getByLabel('Filter').fill('event:a event:b*');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('alert').innerText()).toContain('event:a or event:b* cannot be said');
    await page.close();
  });
});

/** Each a moment later than the one before: history has no other order. */
async function emitNumbers(url: string, resource: string, first: number, end: number): Promise<void> {
  const publisher = connect({ url }).publisher();
  for (let nr = first; nr < end; nr += 1) {
    const occurred = new Date(Date.now() + nr);
    const event = { event: `nr-${nr}.`, occurred, resource: { 'prefect.resource.id': resource } };
    while (!publisher.enqueue(event)) await publisher.room();
  }
  await publisher.close();
}
