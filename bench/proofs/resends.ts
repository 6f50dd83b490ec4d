/**
 * 100,000 events sent again long after their ids have left the window, future-dated ones among them, with ClickHouse
 * up, hung, and killed meanwhile: 0 stored twice, 0 seen twice, and late events that are new among them come through
 * (I11).
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type EventFrame, filterMessage, parseFrame } from '../../schemas/wire.ts';
import { readWitness } from '../../support/crash/stored.ts';
import { signalEngine } from '../../support/crash/victim.ts';
import { openFrameSocket } from '../../support/frame-socket.ts';
import { until } from '../../support/poll.ts';
import { law, type Prove, progress } from './proof.ts';
import { type Subject, startSubject } from './subject.ts';

const resendsWanted = 100_000;
const aheadShare = 0.1;
const fillers = 30_000;
const freshOnes = 500;
const idWindow = 10_000;
const batch = 250;
const connections = 4;
const hour = 3_600_000;
const settleMs = 600_000;
const modes = ['up', 'hung', 'killed'] as const;
type Mode = (typeof modes)[number];

interface Resent {
  readonly mode: Mode;
  /** Until all were acknowledged, by how many answers of 503 it took, and until none waited any more. */
  readonly acknowledgedMs: number;
  readonly refusedBatches: number;
  readonly settledMs: number;
  readonly statements: number;
  readonly parkedWaitingMax: number;
}

export const resends: Prove = async ({ dataDir, scale }) => {
  const count = Math.round(resendsWanted * scale);
  const env = { SLUICE_ID_WINDOW_IDS_MAX: String(idWindow), SLUICE_BACKFILL_MAX_MS: String(7 * 24 * hour) };
  const subject = await startSubject(dataDir, env);
  const now = Date.now();
  const old = Array.from({ length: count }, (_, nth) =>
    nth % (1 / aheadShare) === 0 ? textOf(now + hour + nth * 900, 'old') : textOf(now - 2 * hour - nth * 500, 'old'),
  );
  progress(`${count} events are sent for the first time`);
  await sendAll(subject, old);
  await sendAll(
    subject,
    Array.from({ length: fillers }, () => textOf(Date.now(), 'filler')),
  );
  await subject.untilStored(settleMs);
  // While inserts lag the window grows; after a start it holds the newest ids, up to its bound.
  await subject.restart('stop');
  await subject.untilStored(settleMs);
  const seen = await watch(subject);
  const runs: Resent[] = [];
  let fresh = 0;
  for (const mode of modes) {
    progress(`all are sent again, ClickHouse ${mode}`);
    const late = Array.from({ length: freshOnes }, (_, nth) => textOf(Date.now() - 3 * hour - nth, 'fresh'));
    fresh += late.length;
    runs.push(await resend(subject, dataDir, mode, [...old, ...late]));
  }
  await until('the fresh ones came', () => seen.fresh.size >= fresh || undefined, settleMs);
  const { books } = await subject.ready();
  await subject.stop();
  const { count: rows, distinctIds, distinctSeqs } = await readWitness(dataDir);
  return {
    broken: [
      ...law(rows === count + fillers + fresh, `${rows} rows of ${count + fillers + fresh} events`),
      ...law(rows === distinctIds && rows === distinctSeqs, `${rows} rows, ${distinctIds} ids, ${distinctSeqs} seqs`),
      ...law(seen.old === 0, `${seen.old} resends reached a subscriber`),
      ...law(
        seen.fresh.size === fresh && seen.freshFrames === fresh,
        `${seen.freshFrames} frames of ${fresh} new ones`,
      ),
      ...law((books['parked'] ?? 0) > 2 * count, `only ${books['parked']} were parked: nothing was proven`),
    ],
    figures: { resends: count, ahead: count * aheadShare, idWindow, rows, fresh, runs, books },
  };
};

interface Seen {
  old: number;
  freshFrames: number;
  readonly fresh: Set<string>;
}

/** A stock subscriber of what comes live. */
async function watch({ url }: Subject): Promise<Seen> {
  const seen: Seen = { old: 0, freshFrames: 0, fresh: new Set() };
  const socket = await openFrameSocket({ url, path: '/api/events/out' });
  socket.onText = (frame) => {
    const { event } = parseFrame<EventFrame>(frame.toString());
    if (event.event === 'resend.old') seen.old += 1;
    if (event.event !== 'resend.fresh') return;
    seen.freshFrames += 1;
    seen.fresh.add(event.id);
  };
  const since = new Date(Date.now() - 7 * 24 * hour).toISOString();
  const filter = { event: { prefix: ['resend.'] }, occurred: { since } };
  socket.sendText(filterMessage(filter, { backfill: false }));
  return seen;
}

async function resend(subject: Subject, dataDir: string, mode: Mode, texts: readonly string[]): Promise<Resent> {
  const before = (await subject.ready()).statements.query;
  if (mode === 'hung') signalEngine(dataDir, 'SIGSTOP');
  if (mode === 'killed') signalEngine(dataDir, 'SIGKILL');
  const began = performance.now();
  const refusedBatches = await sendAll(subject, texts);
  const acknowledgedMs = Math.round(performance.now() - began);
  const { parkedWaiting } = await subject.ready();
  if (mode === 'hung') signalEngine(dataDir, 'SIGCONT');
  const { statements } = await subject.untilStored(settleMs);
  return {
    mode,
    acknowledgedMs,
    refusedBatches,
    settledMs: Math.round(performance.now() - began),
    statements: statements.query - before,
    parkedWaitingMax: parkedWaiting,
  };
}

function textOf(occurred: number, name: string): string {
  return JSON.stringify({
    occurred: new Date(occurred).toISOString(),
    event: `resend.${name}`,
    resource: { 'prefect.resource.id': 'resend.resource' },
    payload: { key: 1 },
    id: randomUUID(),
  });
}

/** In batches, over a few connections; a 503 is sent again. Gives how many there were. */
async function sendAll({ url }: Subject, texts: readonly string[]): Promise<number> {
  let next = 0;
  let refused = 0;
  const work = async (): Promise<void> => {
    while (next < texts.length) {
      const part = texts.slice(next, next + batch);
      next += batch;
      while (!(await post(url, part))) {
        refused += 1;
        await wait(500);
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return refused;
}

async function post(url: string, texts: readonly string[]): Promise<boolean> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/api/events`, { method: 'POST', headers, body: `[${texts.join(',')}]` });
  if (answer.status !== 204 && answer.status !== 503)
    throw new Error(`answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
  return answer.status === 204;
}
