/** How soon an empty server's page paints something, in a browser that has nothing of it. */
import type { Browser } from '../../support/peers/chromium.ts';
import { openConsole } from '../../support/peers/console-page.ts';

/** Milliseconds from the navigation's start, one of each load. Each has a context, and so a cache, of its own. */
export async function firstPaints(browser: Browser, url: string, loads: number): Promise<number[]> {
  const found: number[] = [];
  for (let nth = 0; nth < loads; nth += 1) {
    const { page } = await openConsole(browser, url);
    const paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
    await page.waitForFunction(paint);
    found.push(Number(await page.evaluate(paint)));
    await page.close();
  }
  return found;
}
