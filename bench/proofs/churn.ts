/**
 * 20 subscribers that join, leave and resume at random under load, with a clean restart and a kill -9 in between: what
 * each of their lives saw is exactly what matched, once each (I3).
 */

import { type Producer, startProducer } from '../../support/crash/producers.ts';
import { readWitness, type Witness } from '../../support/crash/stored.ts';
import { FeedClient, numberAfter } from '../../support/feed-client.ts';
import { until } from '../../support/poll.ts';
import { law, type Prove, pause, progress } from './proof.ts';
import { type Subject, startSubject } from './subject.ts';

const rate = 2_000;
const walkers = 20;
const kinds = ['ws', 'ws', 'http', 'http'] as const;
const keyMark = Buffer.from('"key":');
const lifeEnds = 0.1;
const settleMs = 120_000;

/** One subscription, over all its connections. */
interface Life {
  readonly sinceMicros: number;
  /** Keys, as they came. */
  readonly keys: number[];
  readonly client: FeedClient;
  connections: number;
  /** The seq up to which it was given; set when it is over. */
  end: number | null;
}

export const churn: Prove = async ({ dataDir, seconds, scale }) => {
  const runMs = (seconds ?? 300) * scale * 1000;
  const subject = await startSubject(dataDir);
  const producers = kinds.map((kind, nth) =>
    startProducer(kind, nth, { port: subject.port, rate: rate / kinds.length, batch: 50 }),
  );
  const lives: Life[] = [];
  const state = { isOver: false };
  const walks = Array.from({ length: walkers }, () => walk(subject, lives, state));
  const began = performance.now();
  const untilPassed = async (share: number): Promise<void> => pause(began + runMs * share - performance.now());
  await untilPassed(1 / 3);
  progress('restart by SIGTERM');
  await subject.restart('stop');
  await untilPassed(2 / 3);
  progress('kill -9');
  await subject.restart('kill');
  await untilPassed(1);
  progress('the end');
  await finish(producers);
  state.isOver = true;
  const { head } = await subject.untilStored();
  const open = await Promise.all(walks);
  await until('all are at the head', () => open.every(({ client }) => client.position === head) || undefined, settleMs);
  for (const { client } of open) client.cut();
  for (const life of open) life.end = head;
  await subject.stop();
  for (const producer of producers) producer.end();
  const witness = await readWitness(dataDir);
  const acknowledged = producers.reduce((sum, each) => sum + each.acknowledged.size, 0);
  return {
    broken: [
      ...law(witness.count === acknowledged, `${acknowledged} acknowledged, ${witness.count} stored`),
      ...law(witness.distinctIds === witness.count && witness.distinctSeqs === witness.count, 'stored twice'),
      ...lives.flatMap((life, nth) => wrongIn(life, witness).map((what) => `life ${nth}: ${what}`)),
    ],
    figures: {
      rate,
      walkers,
      seconds: runMs / 1000,
      acknowledged,
      stored: witness.count,
      lives: lives.length,
      connections: lives.reduce((sum, { connections }) => sum + connections, 0),
      delivered: lives.reduce((sum, { keys }) => sum + keys.length, 0),
      eventsPerSecond: Math.round(acknowledged / (runMs / 1000)),
    },
  };
};

async function finish(producers: readonly Producer[]): Promise<void> {
  let isDone = false;
  void Promise.all(producers.map((producer) => producer.finish())).then(() => {
    isDone = true;
  });
  await until('all is acknowledged', () => isDone || undefined, settleMs);
}

/** Lives one life after the other; resolves to the last one, connected, when the run is over. */
async function walk({ url }: Subject, lives: Life[], state: { readonly isOver: boolean }): Promise<Life> {
  let life = begin(url, lives);
  for (;;) {
    await connect(life);
    if (state.isOver) return life;
    await readFor(life, 500 + Math.random() * 7_500, state);
    if (state.isOver && life.client.isOpen) return life;
    life.client.cut();
    const { position } = life.client;
    if (typeof position === 'number' && Math.random() < lifeEnds) {
      life.end = position;
      life = begin(url, lives);
    }
    if (!state.isOver) await pause(Math.random() * 2_000);
  }
}

function begin(url: string, lives: Life[]): Life {
  const since = Date.now() - Math.floor(Math.random() * 60_000);
  const keys: number[] = [];
  const client = new FeedClient({
    url,
    filter: { event: { prefix: ['crash.'] }, occurred: { since: new Date(since).toISOString() } },
    backfill: true,
    onEvent: (frame) => keys.push(numberAfter(frame, keyMark)),
  });
  const life = { sinceMicros: since * 1000, keys, client, connections: 0, end: null };
  lives.push(life);
  return life;
}

async function connect(life: Life): Promise<void> {
  for (;;) {
    const isIn = await life.client.connect().then(
      () => true,
      () => false,
    );
    if (isIn) {
      life.connections += 1;
      return;
    }
    await pause(50 + Math.random() * 200);
  }
}

async function readFor({ client }: Life, ms: number, state: { readonly isOver: boolean }): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end && client.isOpen && !state.isOver) await pause(50);
}

/** A life has seen all that occurred since its start and has a seq up to its end, once each, and nothing else. */
function wrongIn({ sinceMicros, keys, client, end }: Life, { rows }: Witness): string[] {
  if (end === null) return [];
  const seen = new Set(keys);
  let wanted = 0;
  let missing = 0;
  for (const { key, seq, occurred } of rows) {
    if (occurred < sinceMicros || seq > end) continue;
    wanted += 1;
    if (!seen.has(key)) missing += 1;
  }
  return [
    ...law(missing === 0, `${missing} of ${wanted} are missing`),
    ...law(seen.size === keys.length, `${keys.length - seen.size} came twice`),
    ...law(seen.size + missing === wanted, `${seen.size + missing - wanted} came that should not`),
    ...law(client.gaps.length === 0, `was told of gaps: ${client.gaps.join()}`),
  ];
}
