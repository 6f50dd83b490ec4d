/** The short form of the load on the page; `npm run console:load` is the long one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, findChromium } from '../../support/peers/chromium.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { loadPage } from './load-page.ts';

const chromium = await findChromium(repositoryRoot());

describe('the live view under load', () => {
  if (!chromium.found) {
    it.skip(chromium.sentence, () => undefined);
    return;
  }
  let server: TestSluice;
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch(['--enable-precise-memory-info', '--js-flags=--expose-gc']);
    server = await startSluice();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    removeData(server);
  });

  it('keeps up with 2,000 events a second, draws on, and holds no more than its ring', async () => {
    const result = await loadPage(browser, server.url, { perSecond: 2_000, seconds: 10 });
    expect(result.complaints).toEqual([]);
    expect(result.emitted).toBe(20_000);
    // A machine with other work to do draws late now and then; what cannot follow draws late all the time.
    expect(result.median).toBeLessThan(100);
    expect(result.behindMs).toBeLessThan(20_000);
    expect(result.heapLate).toBeLessThan(60_000_000);
  });
});
