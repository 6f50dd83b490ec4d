/** The short form of the load on the page; `npm run console:load` is the long one. */
import { expect, it } from 'vitest';
import { describeConsole } from './in-console.ts';
import { loadFlags, loadPage } from './load-page.ts';

describeConsole('the live view under load', { flags: loadFlags }, (world) => {
  it('keeps up with 2,000 events a second, draws on, and holds no more than its ring', async () => {
    const result = await loadPage(world.browser, world.server.url, { perSecond: 2_000, seconds: 10 });
    expect(result.complaints).toEqual([]);
    expect(result.emitted).toBe(20_000);
    // A machine with other work to do draws late now and then; what cannot follow draws late all the time.
    expect(result.median).toBeLessThan(100);
    expect(result.behindMs).toBeLessThan(20_000);
    expect(result.heapLate).toBeLessThan(60_000_000);
  });
});
