/**
 * ClickHouse hung for 5 minutes at 2,000 events a second, Sluice killed in the middle: 0 lost, 0 twice, less than 100
 * MB more memory, the backlog drained at 5 times the intake's rate or better (I9).
 */
import { runOutage } from '../../support/crash/outage.ts';
import { law, type Prove } from './proof.ts';

const rate = 2_000;
/** A server in service: its heap and caches have the size that this rate gives them. */
const warmSeconds = 60;
/** 100 MB. */
const growthMiBMax = 95;
const drainToIntakeMin = 5;

export const outage: Prove = async ({ seconds, scale }) => {
  const { broken, books } = await runOutage({
    from: 'later',
    warmSeconds: Math.round(warmSeconds * scale),
    seconds: Math.round((seconds ?? 300) * scale),
    rate,
    kill: true,
  });
  const { rssBeforeMiB = 0, rssAtTheEndOfTheOutageMiB = 0, rssWhileDrainingMiB = 0, drainToIntake = 0 } = books;
  const growth = Math.max(rssAtTheEndOfTheOutageMiB, rssWhileDrainingMiB) - rssBeforeMiB;
  return {
    broken: [
      ...broken,
      ...law(growth < growthMiBMax, `memory grew by ${growth} MiB`),
      ...law(drainToIntake >= drainToIntakeMin, `drained at ${drainToIntake} times the rate of intake`),
    ],
    figures: { rate, warmSeconds, seconds: seconds ?? 300, ...books, rssGrowthMiB: growth },
  };
};
