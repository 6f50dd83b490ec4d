/**
 * 3,000 subscribers cut at once by a restart, and once more by kill -9: all are live again within 10 s of the cut, from
 * the log, with at most a few questions to ClickHouse, and each has seen every matching event once. More of them have
 * 10 s for each 3,000: they share the machine with the server. `--scale 6` is as many as SLUICE_SOCKETS_MAX lets in.
 */

import { startProducer } from '../../support/crash/producers.ts';
import { readWitness, type Witness } from '../../support/crash/stored.ts';
import { FeedClient, numberAfter } from '../../support/feed-client.ts';
import { until } from '../../support/poll.ts';
import { law, type Prove, pause, progress } from './proof.ts';
import { type Ready, type Subject, startSubject } from './subject.ts';

const subscribersWanted = 3_000;
/** Each subscriber wants one of five names. */
const rate = 50;
const names = 5;
const resumedMsMax = 10_000;
const feedStatementsMax = 5;
const joinMs = 60_000;
/** The producer's, and one in the way of being closed. */
const socketsBeside = 100;
const keyMark = Buffer.from('"key":');

interface Member {
  readonly client: FeedClient;
  readonly name: number;
  readonly keys: number[];
  /** After the cut; null while it is away. */
  liveMs: number | null;
  wasHinted: boolean;
}

interface Storm {
  readonly how: 'stop' | 'kill';
  readonly lastLiveMs: number;
  readonly medianLiveMs: number;
  /** From the signal until the old one has ended. */
  readonly endedMs: number;
  /** From the cut until Sluice listens again. */
  readonly listeningMs: number;
  readonly hinted: number;
  readonly statements: Ready['statements'];
  readonly residentMiB: number;
}

export const storm: Prove = async ({ dataDir, scale }) => {
  const count = Math.round(subscribersWanted * scale);
  const subject = await startSubject(dataDir, { SLUICE_SOCKETS_MAX: String(count + socketsBeside) });
  const producer = startProducer('ws', 0, { port: subject.port, rate, batch: 10 });
  const since = new Date().toISOString();
  const members = Array.from({ length: count }, (_, nth) => makeMember(subject, since, nth % names));
  for (let at = 0; at < count; at += 50) {
    await Promise.all(members.slice(at, at + 50).map(({ client }) => client.connect()));
  }
  await until('all are live', () => members.every(({ client }) => client.caughtUps > 0) || undefined, joinMs);
  const storms: Storm[] = [];
  for (const how of ['stop', 'kill'] as const) {
    await pause(3_000);
    progress(`${count} subscribers are cut: ${how}`);
    storms.push(await cut(subject, members, how));
  }
  await pause(2_000);
  await producer.finish();
  producer.end();
  const { head } = await subject.untilStored();
  const isDone = (): boolean => members.every(({ client }) => Number(client.position) > head - names * 10);
  await until('the last events are there', () => isDone() || undefined, joinMs);
  await pause(1_000);
  for (const { client } of members) client.cut();
  await subject.stop();
  const witness = await readWitness(dataDir);
  return {
    broken: [
      ...storms.flatMap(({ how, lastLiveMs, statements }) => [
        ...law(lastLiveMs <= resumedMsMax * Math.max(1, scale), `${how}: the last one was live after ${lastLiveMs} ms`),
        ...law(statements.feed <= feedStatementsMax, `${how}: feeds asked ClickHouse ${statements.feed} times`),
      ]),
      ...wrongIn(members, witness),
    ],
    figures: {
      subscribers: count,
      rate,
      acknowledged: producer.acknowledged.size,
      delivered: members.reduce((sum, { keys }) => sum + keys.length, 0),
      storms,
    },
  };
};

function makeMember({ url }: Subject, since: string, name: number): Member {
  const keys: number[] = [];
  const client = new FeedClient({
    url,
    filter: { event: { name: [`crash.${name}`] }, occurred: { since } },
    backfill: false,
    onEvent: (frame) => keys.push(numberAfter(frame, keyMark)),
  });
  return { client, name, keys, liveMs: null, wasHinted: false };
}

async function cut(subject: Subject, members: readonly Member[], how: 'stop' | 'kill'): Promise<Storm> {
  let cutAt = 0;
  for (const member of members) {
    const { client } = member;
    member.liveMs = null;
    member.wasHinted = false;
    client.onClosed = () => {
      cutAt ||= performance.now();
      member.wasHinted = client.retryAfterMs !== null;
      void comeBack(client);
    };
    client.onCaughtUp = () => {
      member.liveMs ??= performance.now() - cutAt;
    };
  }
  const { endedMs } = await subject.restart(how);
  const listeningMs = Math.round(performance.now() - cutAt);
  await until('all are live again', () => members.every(({ liveMs }) => liveMs !== null) || undefined, joinMs);
  const lives = members.map(({ liveMs }) => liveMs ?? Number.NaN).sort((a, b) => a - b);
  const { statements, residentBytes } = await subject.ready();
  return {
    how,
    lastLiveMs: Math.round(lives.at(-1) ?? Number.NaN),
    medianLiveMs: Math.round(lives[Math.floor(lives.length / 2)] ?? Number.NaN),
    endedMs,
    listeningMs,
    hinted: members.filter(({ wasHinted }) => wasHinted).length,
    statements,
    residentMiB: Math.round(residentBytes / 2 ** 20),
  };
}

/** After what the server asked for, else within half a second; then again and again. */
async function comeBack(client: FeedClient): Promise<void> {
  await pause(client.retryAfterMs ?? Math.random() * 500);
  for (;;) {
    const isIn = await client.connect().then(
      () => true,
      () => false,
    );
    if (isIn) return;
    await pause(100 + Math.random() * 400);
  }
}

function wrongIn(members: readonly Member[], { rows }: Witness): string[] {
  const wanted = Array.from({ length: names }, (_, name) => rows.filter(({ key }) => key % names === name));
  let missing = 0;
  let repeated = 0;
  let gaps = 0;
  for (const { keys, name, client } of members) {
    const seen = new Set(keys);
    repeated += keys.length - seen.size;
    gaps += client.gaps.length;
    const first = Number(client.firstPosition);
    missing += (wanted[name] ?? []).filter(({ key, seq }) => seq > first && !seen.has(key)).length;
  }
  return [
    ...law(missing === 0, `${missing} deliveries are missing`),
    ...law(repeated === 0, `${repeated} deliveries came twice`),
    ...law(gaps === 0, `${gaps} gaps were told`),
  ];
}
