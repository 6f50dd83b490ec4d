/**
 * 200 subscribers that ask for 10 MB of history each at once and read 1 kB/s: what is held for them stays within its
 * budget, and so does the process's memory; one that reads gets its history meanwhile; let go, all get everything once
 * (I5).
 */

import { FeedClient } from '../../support/feed-client.ts';
import { openFrameSocket } from '../../support/frame-socket.ts';
import { until } from '../../support/poll.ts';
import { law, type Prove, pause, progress } from './proof.ts';
import { send } from './slow-readers.ts';
import { startCrowd } from './start-crowd.ts';
import { type Subject, startSubject } from './subject.ts';

const subscribers = 200;
const events = 10_000;
const eventCharacters = 1_100;
const backfillBytesMax = 16 * 2 ** 20;
/** Beside the budget: what waits in the sockets, 512 kB each, and the text of pages on their way. */
const residentMiBMax = 400;
const otherMsMax = 30_000;
const deadlineMs = 600_000;

export const backfills: Prove = async ({ dataDir, seconds, scale }) => {
  const count = Math.round(subscribers * scale);
  const subject = await startSubject(dataDir, { SLUICE_BACKFILL_BYTES_MAX: String(backfillBytesMax) });
  const since = new Date().toISOString();
  await sendHistory(subject);
  const before = await subject.untilStored();
  const shape = { url: subject.url, subscribers: count, slow: count, slowBytesPerSecond: 1_000, since };
  const crowd = startCrowd({ ...shape, eventsMax: events, fills: 0 }, deadlineMs);
  const look = startLook(subject);
  try {
    await crowd.ready;
    await pause(2_000);
    const otherMs = await readAll(subject, since);
    progress(`one that reads had its history after ${otherMs} ms`);
    await pause((seconds ?? 30) * 1000);
    const whileSlow = { ...look.seen };
    crowd.tell({ order: 'letGo' });
    crowd.tell({ order: 'finish', events });
    const report = await crowd.finished;
    const { books, statements } = await subject.ready();
    const grownMiB = Math.round((look.seen.residentBytes - before.residentBytes) / 2 ** 20);
    return {
      broken: [
        ...law(report.missing === 0, `${report.missing} deliveries are missing`),
        ...law(report.repeated === 0, `${report.repeated} came twice`),
        ...law(report.closed === 0, `${report.closed} were closed`),
        ...law(report.slowGotAtMost < events, 'none was slow: nothing was proven'),
        ...law(otherMs <= otherMsMax, `one that reads waited ${otherMs} ms`),
        ...law(look.seen.backfillBytes <= backfillBytesMax, `${look.seen.backfillBytes} bytes of pages were held`),
        ...law(grownMiB <= residentMiBMax, `memory grew by ${grownMiB} MiB`),
        ...law((books['repeats'] ?? 0) === 0, 'repeats at a cut'),
      ],
      figures: {
        subscribers: count,
        events,
        eventCharacters,
        backfillBytesMax,
        residentMiBBefore: Math.round(before.residentBytes / 2 ** 20),
        whileSlow,
        afterwards: look.seen,
        grownMiB,
        otherMs,
        statements,
        ...report,
      },
    };
  } finally {
    look.end();
    crowd.end();
    await subject.stop();
  }
};

async function sendHistory({ url }: Subject): Promise<void> {
  const producer = await openFrameSocket({ url, path: '/api/events/in' });
  let pongs = 0;
  producer.onPong = () => (pongs += 1);
  for (let nth = 0; nth < events; nth += 1) send(producer, nth, eventCharacters);
  producer.ping();
  await until('history is acknowledged', () => pongs > 0 || undefined, 60_000);
  producer.end();
}

/** How long a subscriber that reads takes to be live. */
async function readAll({ url }: Subject, since: string): Promise<number> {
  const began = performance.now();
  const filter = { event: { prefix: ['slow.'] }, occurred: { since } };
  const client = new FeedClient({ url, filter, backfill: true, onEvent: () => undefined });
  await client.connect();
  await until('it is live', () => client.caughtUps > 0 || undefined, deadlineMs / 2);
  client.cut();
  return Math.round(performance.now() - began);
}

function startLook(subject: Subject) {
  const seen = { backfillBytes: 0, bufferedBytesMax: 0, bufferedBytesSum: 0, residentBytes: 0 };
  const look = async (): Promise<void> => {
    const { backfillBytes, bufferedBytes, residentBytes } = await subject.ready();
    seen.backfillBytes = Math.max(seen.backfillBytes, backfillBytes);
    seen.bufferedBytesMax = Math.max(seen.bufferedBytesMax, bufferedBytes.max);
    seen.bufferedBytesSum = Math.max(seen.bufferedBytesSum, bufferedBytes.sum);
    seen.residentBytes = Math.max(seen.residentBytes, residentBytes);
  };
  const timer = setInterval(() => void look().catch(() => undefined), 500);
  return { seen, end: () => clearInterval(timer) };
}
