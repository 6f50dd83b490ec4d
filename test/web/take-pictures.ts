/**
 * Makes the pictures of docs/console.md: each view of a Sluice with some events, at two widths and in both themes.
 * `npm run console:pictures`.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Sluice } from '../../client/src/node.ts';
import type { ConnectionList } from '../../schemas/connection-list.ts';
import type { DeadLetterList } from '../../schemas/dead-letter-list.ts';
import { edgeOf } from '../../support/bystanders.ts';
import { poisonWord } from '../../support/crash/producers.ts';
import { refusePoison } from '../../support/crash/stored.ts';
import { eventLike, publish } from '../../support/events.ts';
import { findChromium, type Page } from '../../support/peers/chromium.ts';
import { openConsole } from '../../support/peers/console-page.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { readOptions } from '../../support/script-options.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { subscribe, type WireClient } from '../../support/wire-client.ts';

const root = repositoryRoot();
const folder = join(root, 'docs', 'console');
const themes = ['light', 'dark'] as const;
const widths = { wide: { width: 1280, height: 720 }, narrow: { width: 360, height: 640 } };
const names = ['order.placed', 'order.paid', 'order.shipped', 'door.opened', 'door.closed', 'user.signed-in'];
const regions = ['eu-west', 'us-east', 'ap-south'];

readOptions({ name: 'console:pictures', about: 'Makes the pictures of docs/console.md anew.', options: {} });
const chromium = await findChromium(root);
if (!chromium.found) {
  console.error(chromium.sentence);
  process.exit(1);
}
mkdirSync(folder, { recursive: true });
const env = { SLUICE_FLUSH_MS: '50' };
const server = await startRefusing();
const target = { baseUrl: () => server.url, strict: true };
const browser = await chromium.launch();
const readers: WireClient[] = [];
try {
  const sluice = connect({ url: server.url });
  await sendSome(sluice);
  await refuseSome();
  readers.push(...(await openReaders()));
  for (const [size, viewport] of Object.entries(widths)) {
    for (const colorScheme of themes) {
      for (const view of ['live', 'counts', 'server']) {
        const path = `/console/${view}${view === 'server' ? '' : '?q=event:order.*&label=region'}`;
        // The server view is longer than a screen; on a narrow one its lower part is shown.
        const longer = { width: viewport.width, height: 830 };
        const options = { viewport: view === 'server' ? longer : viewport, colorScheme };
        const { page } = await openConsole(browser, server.url, path, options);
        await ready(page, view, size === 'narrow');
        await page.screenshot({ path: join(folder, `${view}-${size}-${colorScheme}.png`), animations: 'disabled' });
        await page.close();
      }
    }
  }
} finally {
  for (const reader of readers) reader.drop();
  await browser.close();
  await server.stop();
  removeData(server);
}

/** Its ClickHouse refuses some events: no other way leads into the dead letter. */
async function startRefusing(): Promise<TestSluice> {
  const first = await startSluice({ env });
  await first.stop();
  await refusePoison(first.dataDir);
  return startSluice({ env, dataDir: first.dataDir });
}

async function refuseSome(): Promise<void> {
  const events = [1, 2, 3].map((nr) => eventLike({ event: 'import.row', payload: { nr, text: poisonWord } }));
  await publish(target, events);
  await until('they are refused', async () => {
    const answer = await fetch(`${server.url}/api/admin/dead-letter`);
    return ((await answer.json()) as DeadLetterList).events.length === 3 || undefined; // the API's answer
  });
}

/** One that is in step, and one that has stopped reading. */
async function openReaders(): Promise<WireClient[]> {
  const inStep = await subscribe(target, { event: { prefix: ['order.'] } });
  const slow = await subscribe(target, { event: { name: ['camera.frame'] } });
  await until('both are live', async () => {
    const { connections } = await listed();
    return (connections.length === 2 && connections.every(({ lag_events: lag }) => lag === 0)) || undefined;
  });
  slow.pause();
  await until('one lags', async () => {
    const pixels = 'x'.repeat(20_000);
    await publish(
      target,
      Array.from({ length: 50 }, () => eventLike({ event: 'camera.frame', payload: { pixels } })),
    );
    return (await listed()).connections.some(({ lagging }) => lagging) || undefined;
  });
  await until('all is in ClickHouse', async () => (await edgeOf(target)).pending === 0 || undefined);
  return [inStep, slow];
}

async function listed(): Promise<ConnectionList> {
  return (await (await fetch(`${server.url}/api/admin/connections`)).json()) as ConnectionList; // the API's answer
}

async function ready(page: Page, view: string, isNarrow: boolean): Promise<void> {
  if (view === 'live') {
    await page.getByText('Live from here').waitFor();
    await page.getByText('order.shipped').first().click();
    await page.getByRole('button', { name: 'Copy as JSON' }).waitFor();
  } else if (view === 'counts') {
    await page.getByText(/^[\d,]+ events$/).waitFor();
    for (const text of ['ap-south', 'order.paid', 'order.1000']) await page.getByText(text).first().waitFor();
  } else {
    await page.getByText(/^Balanced/).waitFor();
    await page.getByText('ClickHouse refused 3 events').waitFor();
    await page.getByText('catching up').waitFor();
    if (isNarrow) await page.evaluate('document.getElementById("connections-title").scrollIntoView()');
  }
  // One more frame, so that what was measured is drawn.
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
}

/** Of the last fifty minutes, more of them lately. */
async function sendSome(sluice: Sluice): Promise<void> {
  const publisher = sluice.publisher();
  const now = Date.now();
  for (let nr = 0; nr < 900; nr += 1) {
    const name = names[(nr * 7 + (nr % 5)) % names.length] ?? '';
    const ago = 50 * 60_000 * (1 - Math.sqrt((nr + 1) / 900)) + ((nr * 7919) % 20_000);
    await publisher.emit({
      event: name,
      occurred: new Date(now - ago),
      resource: {
        'prefect.resource.id': `${name.split('.')[0]}.${1000 + ((nr * 31) % 40)}`,
        region: regions[(nr + (nr >> 3)) % regions.length] ?? '',
      },
      related: [{ 'prefect.resource.id': `user.${nr % 12}`, 'prefect.resource.role': 'customer' }],
      payload: { amount: (nr * 137) % 900, currency: 'EUR', items: [{ sku: `A-${nr % 50}`, count: 1 + (nr % 3) }] },
    });
  }
  await publisher.close();
  await until('all is in ClickHouse', async () => (await sluice.query().total()) >= 900 || undefined);
}
