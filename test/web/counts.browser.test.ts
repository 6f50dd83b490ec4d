/** The counts view and the filter's completion in Chromium, against a real Sluice. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { connect } from '../../client/src/node.ts';
import type { Page } from '../../support/peers/chromium.ts';
import { until } from '../../support/poll.ts';
import { describeConsole } from './in-console.ts';

describeConsole('the counts view', { env: { SLUICE_FLUSH_MS: '50' } }, (world) => {
  beforeAll(async () => {
    await emit('door.opened', 'door.1', 30, { region: 'eu', floor: '2' });
    await emit('door.closed', 'door.2', 10, { region: 'us' });
    const sluice = connect({ url: world.server.url });
    await until('all can be queried', async () => (await sluice.query().total()) >= 40 || undefined);
  });

  async function emit(event: string, resource: string, times: number, labels: Record<string, string>): Promise<void> {
    const publisher = connect({ url: world.server.url }).publisher();
    for (let nr = 0; nr < times; nr += 1) {
      publisher.enqueue({ event, resource: { 'prefect.resource.id': resource, ...labels }, payload: { nr } });
    }
    await publisher.close();
  }

  it('counts by time, name, resource and label, and goes on by itself', async () => {
    const { page, complaints } = await world.open('/console/counts?label=region');
    await page.getByText(/^40 events$/).waitFor();
    await expect.poll(() => topsOf(page, 'Events'), patiently).toEqual(['door.opened 30', 'door.closed 10']);
    await expect.poll(() => topsOf(page, 'Resources'), patiently).toEqual(['door.1 30', 'door.2 10']);
    await expect.poll(() => topsOf(page, 'Values of region'), patiently).toEqual(['eu 30', 'us 10']);
    await emit('door.closed', 'door.2', 5, { region: 'us' });
    await page.getByText(/^45 events$/).waitFor();
    await expect.poll(() => topsOf(page, 'Events'), patiently).toEqual(['door.opened 30', 'door.closed 15']);
    await page.getByRole('img', { name: /Events over time: 45 in/ }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('filters by a click, and zooms by dragging over the bars; the address says both', async () => {
    const { page, complaints } = await world.open('/console/counts?last=5m');
    await page.getByRole('button', { name: 'door.opened' }).click();
    await page.getByText(/^30 events$/).waitFor();
    expect(new URL(page.url()).searchParams.get('q')).toBe('event:door.opened');
    const box = await page.locator('.chart').boundingBox();
    if (box === null) throw new Error('there is no chart');
    await page.mouse.move(box.x + box.width / 2, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 2, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Zoom out' }).waitFor();
    expect(new URL(page.url()).searchParams.get('q')).toMatch(/^event:door\.opened since:\S+Z until:\S+Z$/);
    await page.getByText(/^30 events$/).waitFor();
    await page.getByRole('button', { name: 'Zoom out' }).click();
    await page.getByLabel('Last').waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('completes names, labels and their values from what came', async () => {
    const { page, complaints } = await world.open('/console/counts');
    const input = page.getByLabel('Filter', { exact: true });
    await input.fill('event:door.o');
    await page.getByRole('option', { name: /event:door\.opened/ }).click();
    expect(await input.inputValue()).toBe('event:door.opened');
    await input.fill('reg');
    await page.getByRole('option', { name: /^region=/ }).click();
    await page.getByRole('option', { name: /^region=us/ }).click();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Remove region=us' }).waitFor();
    await page.getByText(/^15 events$/).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('exports the events of the filter, as CSV too', async () => {
    const { page, complaints } = await world.open('/console/counts?q=event:door.closed');
    await page.evaluate(() => void Reflect.deleteProperty(globalThis, 'showSaveFilePicker'), null);
    const lines = await exported(page, 'Export as NDJSON');
    expect(lines.length).toBe(15);
    expect(JSON.parse(lines[0] ?? '').event).toBe('door.closed');
    const records = await exported(page, 'Export as CSV');
    expect(records.length).toBe(16);
    expect(records[0]).toBe('occurred,received,id,event,resource_id,labels,related,payload');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('exports into a picked file, and leaves the file as it was if that is given up', async () => {
    const { page, complaints } = await world.open('/console/counts?q=event:door.closed');
    await page.evaluate(pickByHand);
    await page.getByRole('button', { name: 'Export as NDJSON' }).click();
    await page.evaluate('pickNow()');
    const said = await page.getByText(/^Exported: 1\d events$/).innerText();
    const whole = String(await page.evaluate('fileText()'));
    expect(said).toBe(`Exported: ${whole.trimEnd().split('\n').length} events`);
    await page.getByRole('button', { name: 'Export as CSV' }).click();
    await page.getByRole('link', { name: 'Live' }).click();
    await page.getByText('Live from here').waitFor();
    await page.evaluate('pickNow()');
    await page.waitForFunction('isOpened === true');
    await until('the file is not held', async () => (await page.evaluate('isFree()')) || undefined, 10_000);
    expect(await page.evaluate('fileText()')).toBe(whole);
    expect(complaints).toEqual([]);
    await page.close();
  });
});

/**
 * A file of the browser's own storage in the place of the picker, which no test can use: it is written in the same way.
 * It can be renamed while nobody holds it open.
 */
const pickByHand = `(async () => {
  const folder = await navigator.storage.getDirectory();
  const file = await folder.getFileHandle('events', { create: true });
  const open = file.createWritable.bind(file);
  file.createWritable = async () => {
    const opened = await open();
    globalThis.isOpened = true;
    return opened;
  };
  globalThis.showSaveFilePicker = () => new Promise((resolve) => {
    globalThis.isOpened = false;
    globalThis.pickNow = () => void resolve(file);
  });
  globalThis.fileText = async () => (await file.getFile()).text();
  globalThis.isFree = () => file.move('events').then(() => true, () => false);
})()`;

/** Each list has its own question, and its own time. */
const patiently = { timeout: 30_000, interval: 100 };

async function topsOf(page: Page, title: string): Promise<string[]> {
  const items = page.locator(`section[aria-label="${title}"] li`);
  await items.first().waitFor();
  return (await items.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
}

async function exported(page: Page, button: string): Promise<string[]> {
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  const download = await downloading;
  return readFileSync(await download.path(), 'utf8')
    .trimEnd()
    .split('\n');
}
