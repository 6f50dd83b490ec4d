/** What holds for every view of the console: keys, screen readers, small screens, the policy, hostile texts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';
import { connect } from '../../client/src/node.ts';
import { accessibilityFaults } from '../../support/peers/console-page.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { describeConsole } from './in-console.ts';

const views = ['live', 'counts', 'server'];

it('the console has at most 60 kB of scripts and styles, gzipped', () => {
  const folder = join(repositoryRoot(), 'dist', 'web');
  const files = readdirSync(folder).filter((name) => /\.(js|css)$/.test(name));
  const bytes = files.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name)), { level: 9 }).length, 0);
  expect(files.length).toBe(2);
  expect(bytes).toBeLessThanOrEqual(60_000);
});

describeConsole('the console', { env: { SLUICE_FLUSH_MS: '50' } }, (world) => {
  const hostile = 'a\u202eb<img src=x onerror=alert(1)>\u001b[31m';

  beforeAll(async () => {
    const publisher = connect({ url: world.server.url }).publisher();
    for (let nr = 0; nr < 30; nr += 1) {
      await publisher.emit({
        event: `key.${nr}`,
        resource: { 'prefect.resource.id': 'keys', region: 'eu' },
        related: [{ 'prefect.resource.id': 'user.1', 'prefect.resource.role': 'owner' }],
        payload: { nr, text: hostile, list: [1.5, { deep: 'value' }], url: 'https://example.org/' },
      });
    }
    await publisher.close();
  });

  it('can be used by keys alone', async () => {
    const { page, complaints } = await world.open();
    await page.getByText('Live from here').waitFor();
    const { keyboard } = page;
    // The newest row is the line where history ends, which no key stops at.
    await keyboard.press('j');
    await page.locator('.line.current').waitFor();
    for (const key of ['j', 'k']) await keyboard.press(key);
    await keyboard.press('Enter');
    await page.getByRole('button', { name: 'Copy as JSON' }).waitFor();
    expect(await page.getByText('Paused').count()).toBe(1);
    await keyboard.press('Escape');
    await page.getByRole('button', { name: 'Copy as JSON' }).waitFor({ state: 'hidden' });
    await keyboard.press('n');
    await page
      .getByText(/^Live$/)
      .first()
      .waitFor();
    await keyboard.press('/');
    await keyboard.type('event:key.7');
    await keyboard.press('Enter');
    await page.getByRole('button', { name: 'Remove event:key.7' }).waitFor();
    expect(await page.getByRole('option').count()).toBe(0);
    await keyboard.press('Escape');
    await keyboard.press('2');
    await page.getByText(/^1 event$/).waitFor();
    await keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await keyboard.press('3');
    await page.getByText(/^Balanced/).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('says that there is no such page, and leads to those that are, and to the API', async () => {
    const { page, complaints } = await world.open('/console/nope');
    await page.getByText('No such page').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    const links = page.locator('.nowhere a');
    expect(await links.allInnerTexts()).toEqual(['Live', 'Counts', 'Server', 'The API']);
    await page.getByRole('link', { name: 'API', exact: true }).click();
    await page.waitForFunction("location.pathname === '/docs' && document.readyState === 'complete'");
    await page.evaluate('history.back()');
    await links.first().click();
    await page.getByText('Live from here').waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows each time of the axis in full', async () => {
    const { page } = await world.open('/console/counts?last=15m');
    await page.locator('.chart .time').first().waitFor();
    const cut = await page.evaluate(
      `[...document.querySelectorAll('.chart .time')].map((text) => text.getBoundingClientRect())
        .filter(({ left, right }) => left < 0 || right > document.documentElement.clientWidth).length`,
    );
    expect(cut).toBe(0);
    await page.close();
  });

  it.each(['light', 'dark'] as const)('has no fault that axe-core sees, in any view, %s', async (colorScheme) => {
    for (const view of views) {
      const { page } = await world.open(`/console/${view}?label=region`, {
        colorScheme,
      });
      await page
        .getByText({ live: 'Live from here', counts: /^30 events$/, server: /^Balanced/ }[view] ?? '')
        .waitFor();
      expect([view, ...(await accessibilityFaults(page))]).toEqual([view]);
      if (view === 'live') {
        await page.getByText('key.29').click();
        await page.getByRole('button', { name: 'Copy as JSON' }).waitFor();
        expect(await accessibilityFaults(page)).toEqual([]);
        await page.keyboard.press('?');
        expect(await accessibilityFaults(page)).toEqual([]);
      }
      await page.close();
    }
  });

  it('fits into 360 pixels', async () => {
    for (const view of views) {
      const viewport = { width: 360, height: 640 };
      const { page } = await world.open(`/console/${view}?q=event:key.*&label=region`, {
        viewport,
      });
      await page
        .getByText({ live: 'Live from here', counts: /^30 events$/, server: /^Balanced/ }[view] ?? '')
        .waitFor();
      if (view === 'live') {
        await page.getByText('key.29').click();
        await page.getByRole('button', { name: 'Copy as JSON' }).waitFor();
      }
      const width = await page.evaluate('document.scrollingElement.scrollWidth');
      expect([view, width]).toEqual([view, 360]);
      await page.close();
    }
  });

  it('shows hostile text as text', async () => {
    const { page, complaints } = await world.open();
    await page.getByText('Live from here').waitFor();
    await page.getByText('key.29').click();
    await page.locator('.payload').getByText('a\\u202eb<img src=x onerror=alert(1)>\\u001b[31m').waitFor();
    expect(await page.locator('.rows img, .rows a').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('asks nobody but its own server', async () => {
    const { page, complaints } = await world.open('/console/counts');
    await page.getByText(/^30 events$/).waitFor();
    const origins = await page.evaluate(
      '[...new Set(performance.getEntriesByType("resource").map(({ name }) => new URL(name).origin))]',
    );
    expect(origins).toEqual([world.server.url]);
    // The policy holds: a script from within the page does not run.
    await page.evaluate(
      'document.body.append(Object.assign(document.createElement("script"), { text: "window.ran = 1" }))',
    );
    expect(await page.evaluate('window.ran')).toBeUndefined();
    expect(complaints.filter((text) => !text.includes('Content Security Policy'))).toEqual([]);
    await page.close();
  });

  it('fits into 360 pixels when it is paused by a key and many are new', async () => {
    const { page } = await world.open('/console/live', { viewport: { width: 360, height: 640 } });
    await page.getByText('Live from here').waitFor();
    await page.getByRole('button', { name: 'Newest above' }).waitFor();
    while (!(await page.evaluate('document.activeElement.classList.contains("line")')))
      await page.keyboard.press('Tab');
    await page.getByText('Paused').waitFor();
    const publisher = connect({ url: world.server.url }).publisher();
    const resource = { 'prefect.resource.id': 'narrow' };
    await Promise.all(Array.from({ length: 1_200 }, () => publisher.emit({ event: 'many', resource })));
    await publisher.close();
    await page.getByRole('button', { name: 'Go on (1,200 new)' }).waitFor();
    await page.getByRole('button', { name: 'Jump to now' }).waitFor();
    expect(await page.evaluate('document.scrollingElement.scrollWidth')).toBe(360);
    await page.close();
  });
});
