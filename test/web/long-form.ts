/**
 * The long form of the load on the console's live view: frame times, memory, and whether all was shown in the end. Exit
 * code 1 if the median of a frame is over 20 ms, its 95th percentile over 40 ms, or memory grew by more than a fifth.
 * `npm run console:load`.
 */
import { appendFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { findChromium } from '../../support/peers/chromium.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { readOptions } from '../../support/script-options.ts';
import { removeData, startSluice } from '../../support/sluice.ts';
import { median } from '../fuzz/measure.ts';
import { firstPaints } from './first-paint.ts';
import { loadFlags, loadPage } from './load-page.ts';

const { values } = readOptions({
  name: 'console:load',
  about: `How soon the console paints on an empty server; then how its live view draws, and what memory it
takes, while events come.
Exit code 1 if frames come late, or memory grew by more than a fifth.`,
  options: {
    rate: { default: 5_000, says: 'events a second' },
    seconds: { default: 60, says: 'how long' },
    save: { default: false, says: 'adds the result to test/web/RESULTS.md' },
  },
});
/** Before the first event. */
const paintLoads = 9;

const root = repositoryRoot();
const chromium = await findChromium(root);
if (!chromium.found) {
  console.error(chromium.sentence);
  process.exit(1);
}
const server = await startSluice();
const browser = await chromium.launch(loadFlags);
try {
  const paints = await firstPaints(browser, server.url, paintLoads);
  const load = { perSecond: values.rate, seconds: values.seconds };
  const found = await loadPage(browser, server.url, load);
  const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const isRight = found.median <= 20 && found.p95 <= 40 && found.heapLate <= 1.2 * found.heapEarly;
  const cells = [
    new Date().toISOString().slice(0, 10),
    `${values.rate}/s for ${values.seconds} s`,
    `${found.rate.toFixed(0)}/s`,
    found.framesPerSecond.toFixed(1),
    ...[found.median, found.p95, found.longest].map(ms),
    `${mega(found.heapEarly)} → ${mega(found.heapLate)}`,
    ms(found.behindMs),
    `${median(paints).toFixed(0)} ms`,
    `${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}: ${found.cores}`,
    isRight ? 'holds' : 'does not hold',
  ];
  console.log(`| ${cells.join(' | ')} |`);
  if (values.save) appendFileSync(join(root, 'test', 'web', 'RESULTS.md'), `| ${cells.join(' | ')} |\n`);
  process.exitCode = isRight ? 0 : 1;
} finally {
  await browser.close();
  await server.stop();
  removeData(server);
}
