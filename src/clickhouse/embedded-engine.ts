/**
 * The embedded ClickHouse: a supervised child process that serves HTTP on loopback, with its data in the data folder.
 * No orphan stays behind: the child lives as long as the pipe on its stdin.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { BehaviorSubject } from 'rxjs';
import { createActor, fromCallback, type SnapshotFrom } from 'xstate';
import { type ChildCommand, type EngineTimes, engineBackoffMs, engineMachine } from '../../actors/engine.ts';
import { StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { EndpointSource, EndpointState } from './endpoint.ts';
import { launchEngine } from './engine-process.ts';

export interface EmbeddedEngineOptions {
  readonly dataDir: string;
  readonly memoryBytesMax: number;
  /** Deadline of one start of the engine. */
  readonly startMs: number;
  /** An engine that lives and has not answered for so long is killed and started again. Default a minute. */
  readonly hungMs?: number;
  readonly log: Log;
  /** Instead of the usual times of the engine's actor. */
  readonly times?: Partial<EngineTimes>;
}

export interface EmbeddedEngine extends EndpointSource {
  /** The phase of the engine's actor. */
  readonly phase: EnginePhase;
  /** The running child's process id. */
  readonly processId: number | null;
}

type EngineSnapshot = SnapshotFrom<typeof engineMachine>;
type EnginePhase = 'starting' | 'ready' | 'stopping' | 'restarting' | 'stopped';

const engineTimes = { stopMs: 7000, backoffFirstMs: 500, backoffMaxMs: 30_000, steadyMs: 60_000 };
const hungMsDefault = 60_000;
const progressMs = 3000;
const database = 'sluice';
const starting = { endpoint: null, reason: 'The embedded ClickHouse is starting.' };

/** Starts the engine and keeps it running. Throws StartRefused if the packages it comes from are not installed. */
export function startEmbeddedEngine(options: EmbeddedEngineOptions): EmbeddedEngine {
  requirePackages();
  const folder = join(resolve(options.dataDir), 'clickhouse');
  const endpoint$ = new BehaviorSubject<EndpointState>(starting);
  let child: ChildProcess | null = null;
  const machine = engineMachine.provide({
    actors: {
      child: fromCallback<ChildCommand>(({ sendBack, receive }) => {
        const running = launchEngine(folder, options.memoryBytesMax, options.hungMs ?? hungMsDefault, (launched) => {
          child = launched;
        });
        void running.answered.then((address) => address && sendBack({ type: 'engine.answered', address }));
        void running.hung.then((reason) => sendBack({ type: 'engine.hung', reason }));
        void running.exited.then((reason) => sendBack({ type: 'engine.exited', reason }));
        receive(() => running.end());
        return () => running.kill();
      }),
    },
  });
  const actor = createActor(machine, { input: { ...engineTimes, startMs: options.startMs, ...options.times } });
  actor.subscribe(announceTo(endpoint$, options.log, folder));
  actor.start();
  const lives = () => child?.exitCode === null && child.signalCode === null;

  return {
    where: `embedded ClickHouse in ${folder}`,
    endpoint$,
    get phase() {
      return phaseOf(actor.getSnapshot());
    },
    get processId() {
      return lives() ? (child?.pid ?? null) : null;
    },
    async stop() {
      actor.send({ type: 'engine.stop' });
      await new Promise<void>((stopped) => actor.subscribe({ complete: stopped }));
      if (lives()) await new Promise((exited) => child?.once('exit', exited));
    },
  };
}

/** Tells each change of the actor to the log, and to who connects. */
function announceTo(endpoint$: BehaviorSubject<EndpointState>, log: Log, folder: string) {
  const first = !existsSync(folder);
  let progress: NodeJS.Timeout | undefined;
  let since = 0;
  let last: EnginePhase | null = null;
  return (snapshot: EngineSnapshot) => {
    const phase = phaseOf(snapshot);
    if (phase === last) return;
    last = phase;
    clearInterval(progress);
    const { address, failures, reason, times } = snapshot.context;
    if (phase === 'starting') {
      since = Date.now();
      log.info(`${first ? 'first start: ' : ''}starting the embedded ClickHouse; its data is in ${folder}`);
      progress = setInterval(() => log.info('the embedded ClickHouse is still starting'), progressMs);
    } else if (phase === 'ready' && address !== null) {
      log.info({ afterMs: Date.now() - since }, 'the embedded ClickHouse answers');
      endpoint$.next({ endpoint: { ...address, database } });
    } else if (phase === 'restarting') {
      log.warn(
        { reason, afterMs: engineBackoffMs(times, failures) },
        'the embedded ClickHouse ended or hung; it starts again',
      );
      endpoint$.next({ endpoint: null, reason: `The embedded ClickHouse is restarting: ${reason}.` });
    } else {
      endpoint$.next({ endpoint: null, reason: 'The embedded ClickHouse is stopped.' });
    }
  };
}

function phaseOf({ value }: Pick<EngineSnapshot, 'value'>): EnginePhase {
  return typeof value === 'string' ? value : value.running;
}

function requirePackages(): void {
  const require = createRequire(import.meta.url);
  try {
    // The package's own types are of its index only.
    const { libchdbPath } = require('chdb/libchdb') as { libchdbPath: () => string }; // see above
    libchdbPath();
  } catch (cause) {
    throw new StartRefused(
      'There is no ClickHouse: set CLICKHOUSE_URL to one, or run `npm ci` without `--omit=peer`, ' +
        'which brings the embedded one (the package chdb).',
      { cause },
    );
  }
}
