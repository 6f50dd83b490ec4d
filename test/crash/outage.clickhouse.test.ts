/**
 * I9 on the running process: while ClickHouse hangs, from its start or later, producers are acknowledged, live
 * subscribers see nothing of it, queries answer 503 with Retry-After, backfilling subscribers wait; a killed Sluice
 * loses nothing; all drains.
 */
import { expect, it } from 'vitest';
import { runOutage } from '../../support/crash/outage.ts';

/** Growth under load from the first event on; the backlog itself lies on the disk. */
const rssGrowthMiBMax = 100;

it.each([
  { from: 'start', seconds: 4, rate: 1_000, kill: true },
  { from: 'later', seconds: 14, rate: 1_000, kill: false },
] as const)(
  'an outage of ClickHouse $from costs nobody an event, with Sluice killed in it: $kill',
  async (outage) => {
    const { broken, books } = await runOutage(outage);
    expect(broken, JSON.stringify(books)).toEqual([]);
    expect(books['backlog']).toBeGreaterThan((outage.rate * outage.seconds) / 2);
    const rss = Math.max(books['rssAtTheEndOfTheOutageMiB'] ?? 0, books['rssWhileDrainingMiB'] ?? 0);
    expect(rss - (books['rssBeforeMiB'] ?? 0)).toBeLessThan(rssGrowthMiBMax);
  },
  120_000,
);
