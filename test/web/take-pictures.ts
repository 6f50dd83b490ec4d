/**
 * Makes the pictures of docs/console.md: each view of a Sluice with some events, at two widths and in both themes.
 * `npm run console:pictures`.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Sluice } from '../../client/src/node.ts';
import { findChromium, type Page } from '../../support/peers/chromium.ts';
import { openConsole } from '../../support/peers/console-page.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { readOptions } from '../../support/script-options.ts';
import { removeData, startSluice } from '../../support/sluice.ts';

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
const server = await startSluice({ env: { SLUICE_FLUSH_MS: '50' } });
const browser = await chromium.launch();
try {
  const sluice = connect({ url: server.url });
  await sendSome(sluice);
  for (const [size, viewport] of Object.entries(widths)) {
    for (const colorScheme of themes) {
      for (const view of ['live', 'counts', 'server']) {
        const path = `/console/${view}${view === 'server' ? '' : '?q=event:order.*&label=region'}`;
        const { page } = await openConsole(browser, server.url, path, { viewport, colorScheme });
        await ready(page, view);
        await page.screenshot({ path: join(folder, `${view}-${size}-${colorScheme}.png`), animations: 'disabled' });
        await page.close();
      }
    }
  }
} finally {
  await browser.close();
  await server.stop();
  removeData(server);
}

async function ready(page: Page, view: string): Promise<void> {
  if (view === 'live') {
    await page.getByText('Live from here').waitFor();
    await page.getByText('order.shipped').first().click();
    await page.getByRole('button', { name: 'Copy as JSON' }).waitFor();
  } else if (view === 'counts') {
    await page.getByText(/^[\d,]+ events$/).waitFor();
    for (const text of ['ap-south', 'order.paid', 'order.1000']) await page.getByText(text).first().waitFor();
  } else await page.getByText(/^Balanced/).waitFor();
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
