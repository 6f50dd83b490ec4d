/**
 * The Sluice that a proof is about: from dist, on one port over all its restarts, with what it says of itself.
 */

import { startVictim, type Victim } from '../../support/crash/victim.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { until } from '../../support/poll.ts';

export interface Ready {
  readonly head: number;
  readonly checkpoint: number;
  readonly pending: number;
  readonly parkedWaiting: number;
  readonly liveSubscribers: number;
  readonly laggingSubscribers: number;
  readonly bufferedBytes: { readonly sum: number; readonly max: number };
  readonly backfillBytes: number;
  readonly statements: Readonly<Record<'feed' | 'query' | 'command', number>>;
  readonly books: Readonly<Record<string, number>>;
  readonly residentBytes: number;
}

export interface Subject {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  ready(): Promise<Ready>;
  /** A number of `/metrics`, by its name and labels as they stand there. */
  metric(name: string): Promise<number>;
  /** SIGTERM or kill -9, and a start; resolves when it listens again, to how long the old one took to end. */
  restart(how: 'stop' | 'kill'): Promise<{ readonly endedMs: number }>;
  /** Resolves when all is in ClickHouse. */
  untilStored(deadlineMs?: number): Promise<Ready>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

const startMs = 90_000;

/** Resolves when intake and the store are ready. */
export async function startSubject(dataDir: string, env: Readonly<Record<string, string>> = {}): Promise<Subject> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let victim: Victim = startVictim({ dataDir, port, env });

  async function listening(): Promise<void> {
    if (!(await victim.listening)) throw new Error(`Sluice ended at its start: ${victim.output()}`);
  }

  async function isStoreReady(): Promise<true | undefined> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/api/events/filter`, { method: 'POST', headers, body: '{"limit":0}' });
    return answer.status === 200 || undefined;
  }

  async function ready(): Promise<Ready> {
    return (await (await fetch(`${url}/api/ready?verbose=1`)).json()) as Ready; // readiness.ts writes these
  }

  await listening();
  await until('the store is ready', isStoreReady, startMs);
  return {
    url,
    port,
    get pid() {
      return victim.pid;
    },
    ready,
    async metric(name) {
      const text = await (await fetch(`${url}/metrics`)).text();
      const line = text.split('\n').find((each) => each.startsWith(`sluice_${name} `));
      if (line === undefined) throw new Error(`no metric ${name}`);
      return Number(line.split(' ').at(-1));
    },
    async restart(how) {
      const began = performance.now();
      if (how === 'stop') await victim.stop();
      else victim.kill();
      await victim.ended;
      const endedMs = Math.round(performance.now() - began);
      victim = startVictim({ dataDir, port, env });
      await listening();
      return { endedMs };
    },
    untilStored: (deadlineMs = 120_000) =>
      until(
        'all is in ClickHouse',
        async () => {
          const now = await ready();
          return now.pending === 0 && now.parkedWaiting === 0 ? now : undefined;
        },
        deadlineMs,
      ),
    async stop() {
      const code = await victim.stop();
      if (code !== 0) throw new Error(`Sluice ended with ${code}: ${victim.output()}`);
    },
    async kill() {
      victim.kill();
      await victim.ended;
    },
  };
}
