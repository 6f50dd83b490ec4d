/**
 * Resume from a day back among 5 million events, 5 % of them late: the exact complement, at 50,000 events a second or
 * better, behind a seq and behind a place in history. The events are put into Sluice's own table by INSERT SELECT in
 * its own engine, with the seqs of an epoch of two days ago and the times of receipt that go with them.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore, type Store } from '../../src/clickhouse/store.ts';
import { startTestEngine, testStoreOptions } from '../../support/engine.ts';
import { FeedClient, numberAfter } from '../../support/feed-client.ts';
import { until } from '../../support/poll.ts';
import { law, type Prove, progress } from './proof.ts';
import { type Subject, startSubject } from './subject.ts';

const eventsWanted = 5_000_000;
const lateEvery = 20;
const day = 86_400_000;
const fillCharacters = 200;
const rateMin = 50_000;
const seqsOfSecond = 2 ** 20;
const insertRows = 100_000;
const readMs = 600_000;
const numberMark = Buffer.from('"n":');

interface Made {
  readonly count: number;
  readonly firstSeq: number;
  readonly startMs: number;
}

interface Resumed {
  readonly from: string;
  readonly wanted: number;
  readonly got: number;
  readonly repeated: number;
  readonly notWanted: number;
  readonly seconds: number;
  readonly rate: number;
  readonly gaps: readonly string[];
  readonly statements: number;
  readonly residentMiB: number;
}

export const resumeDay: Prove = async ({ dataDir, scale }) => {
  const env = { SLUICE_BACKFILL_MAX_MS: String(6 * day) };
  const made = await makeEvents(dataDir, env, Math.round(eventsWanted * scale));
  const subject = await startSubject(dataDir, env);
  const token = await firstToken(subject);
  const half = made.count / 2;
  const behindSeq = await resume(subject, made, token, {
    from: 'a seq',
    position: made.firstSeq + half - 1,
    isWanted: (n) => n >= half,
  });
  // Nothing is late there: the row's place is that of its number.
  const place = (n: number): string => `${micros(occurredMicros(made, n))}/${idOf(n)}`;
  const cut = Math.floor(made.count * 0.8) + 1;
  const cutMicros = occurredMicros(made, cut);
  const behindPlace = await resume(subject, made, token, {
    from: 'a place in history',
    position: place(cut),
    isWanted: (n) => occurredMicros(made, n) > cutMicros || (occurredMicros(made, n) === cutMicros && n > cut),
  });
  await subject.stop();
  return {
    broken: [behindSeq, behindPlace].flatMap(({ from, wanted, got, repeated, notWanted, rate, gaps }) => [
      ...law(wanted === got, `${from}: ${got} of ${wanted}`),
      ...law(repeated === 0, `${from}: ${repeated} came twice`),
      ...law(notWanted === 0, `${from}: ${notWanted} came that were given before`),
      ...law(rate >= rateMin, `${from}: ${rate} events a second`),
      ...law(gaps.length === 0, `${from}: told of gaps: ${gaps.join()}`),
    ]),
    figures: { events: made.count, lateShare: 1 / lateEvery, runs: [behindSeq, behindPlace] },
  };
};

/** Made once in a folder that is kept. */
async function makeEvents(dataDir: string, env: Readonly<Record<string, string>>, count: number): Promise<Made> {
  const path = join(dataDir, 'made.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Made; // written below
  const subject = await startSubject(dataDir, env);
  await subject.stop();
  const startMs = Date.now() - 2 * day;
  const made = { count, startMs, firstSeq: Math.floor(startMs / 1000) * seqsOfSecond + 1 };
  await withStore(dataDir, (store) => fill(store, made));
  writeFileSync(path, JSON.stringify(made));
  return made;
}

/**
 * Number n was received at an even pace over two days; each 20th occurred up to 20 hours before, the others 5 ms
 * before.
 */
function occurredMicros({ startMs, count }: Made, n: number): number {
  const received = startMs * 1000 + Math.floor((n * 2 * day * 1000) / count);
  return n % lateEvery === 0 ? received - (1 + ((n * 7919) % 72_000)) * 1_000_000 : received - 5_000;
}

function idOf(n: number): string {
  return `5da70000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

function micros(value: number): string {
  const seconds = new Date(Math.floor(value / 1e6) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(value % 1e6).padStart(6, '0')}Z`;
}

async function fill(store: Store, { count, firstSeq, startMs }: Made): Promise<void> {
  const stepMicros = `intDiv(number * ${2 * day * 1000}, ${count})`;
  for (let from = 0; from < count; from += insertRows) {
    const rows = Math.min(insertRows, count - from);
    progress(`${from + rows} of ${count} events`);
    await store.command(
      `INSERT INTO events (seq, id, received, occurred, head, search, raw)
       SELECT ${firstSeq} + number, id, received, occurred, length(envelope), 'day.event', concat(envelope, rest)
       FROM (
         SELECT number,
           toUUID(concat('5da70000-0000-4000-8000-', leftPad(toString(number), 12, '0'))) AS id,
           fromUnixTimestamp64Micro(${startMs * 1000} + ${stepMicros}, 'UTC') AS received,
           fromUnixTimestamp64Micro(${startMs * 1000} + ${stepMicros}
             - if(number % ${lateEvery} = 0, (1 + (number * 7919) % 72000) * 1000000, 5000), 'UTC') AS occurred,
           concat('{"occurred":"', formatDateTime(occurred, '%Y-%m-%dT%H:%i:%S.%fZ'),
             '","event":"day.event","resource":{"prefect.resource.id":"day.', toString(number % 100),
             '","region":"eu-west"},"related":[{"prefect.resource.id":"day.owner",',
             '"prefect.resource.role":"owner"}]') AS envelope,
           concat(',"payload":{"n":', toString(number), ',"fill":"', repeat('x', ${fillCharacters}),
             '"},"id":"', toString(id), '","follows":null,"received":"',
             formatDateTime(received, '%Y-%m-%dT%H:%i:%S.%fZ'), '"}') AS rest
         FROM numbers(${from}, ${rows})
       )`,
      {},
      { deadlineMs: 300_000 },
    );
  }
}

async function withStore(dataDir: string, use: (store: Store) => Promise<void>): Promise<void> {
  const store = openStore({
    ...testStoreOptions,
    queryMs: 300_000,
    queryMemoryBytesMax: 2 ** 31,
    source: startTestEngine(dataDir),
  });
  try {
    await store.whenReady(AbortSignal.timeout(90_000));
    await use(store);
  } finally {
    await store.close();
  }
}

function makeClient(subject: Subject, onEvent: (frame: Buffer) => void): FeedClient {
  const since = new Date(Date.now() - 5 * day).toISOString();
  return new FeedClient({
    url: subject.url,
    filter: { event: { prefix: ['day.'] }, occurred: { since } },
    backfill: true,
    onEvent,
  });
}

/** As a client gets it that begins with all there is, and goes away after a while. */
async function firstToken(subject: Subject): Promise<string> {
  let got = 0;
  const client = makeClient(subject, () => (got += 1));
  await client.connect();
  await until('history comes', () => got > 1_000 || undefined, 60_000);
  client.cut();
  return client.token ?? '';
}

interface From {
  readonly from: string;
  readonly position: number | string;
  readonly isWanted: (n: number) => boolean;
}

async function resume(
  subject: Subject,
  made: Made,
  token: string,
  { from, position, isWanted }: From,
): Promise<Resumed> {
  const seen = new Uint8Array(made.count);
  let frames = 0;
  let doneMs = 0;
  const client = makeClient(subject, (frame) => {
    const n = numberAfter(frame, numberMark);
    seen[n] = (seen[n] ?? 0) + 1;
    frames += 1;
  });
  client.token = token;
  client.position = position;
  client.onCaughtUp = () => {
    doneMs = performance.now();
  };
  const before = (await subject.ready()).statements.feed;
  const began = performance.now();
  await client.connect();
  await until('it is live', () => doneMs > 0 || undefined, readMs);
  const { statements, residentBytes } = await subject.ready();
  client.cut();
  const books = { wanted: 0, got: 0, repeated: 0, notWanted: 0 };
  for (const [n, times] of seen.entries()) {
    if (isWanted(n)) {
      books.wanted += 1;
      books.got += Math.min(1, times);
      books.repeated += Math.max(0, times - 1);
    } else books.notWanted += times;
  }
  const seconds = (doneMs - began) / 1000;
  progress(`behind ${from}: ${frames} events in ${seconds.toFixed(1)} s`);
  return {
    from,
    ...books,
    seconds: Math.round(seconds * 10) / 10,
    rate: Math.round(frames / seconds),
    gaps: client.gaps,
    statements: statements.feed - before,
    residentMiB: Math.round(residentBytes / 2 ** 20),
  };
}
