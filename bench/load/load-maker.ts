/**
 * Load makers are processes of their own: forked with their options, they report by messages and end.
 */
import { fork } from 'node:child_process';

export type LoadScript =
  | 'produce'
  | 'post'
  | 'post-form'
  | 'ping-each'
  | 'subscribe'
  | 'swarm'
  | 'pace'
  | 'catch-up'
  | 'read-history'
  | 'watch-counts'
  | 'nats'
  | 'nats-latency'
  | 'kernel-send';

export interface LoadMaker<Report> {
  /** The first report, such as "connected". */
  readonly ready: Promise<void>;
  readonly finished: Promise<Report>;
  tell(message: unknown): void;
  kill(): void;
}

export type Told<Report> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'finished'; readonly report: Report }
  | { readonly kind: 'failed'; readonly reason: string };

/** Starts a load maker; it is killed at the deadline, so that no case is without end. */
export function startLoad<Report>(script: LoadScript, options: object, deadlineMs: number): LoadMaker<Report> {
  const child = fork(new URL(`./${script}.js`, import.meta.url), [JSON.stringify(options)]);
  const late = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  let isReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const finished = new Promise<Report>((resolve, reject) => {
    child.on('message', (told: Told<Report>) => {
      if (told.kind === 'ready') isReady();
      else if (told.kind === 'finished') resolve(told.report);
      else reject(new Error(told.reason));
    });
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      reject(new Error(`The load maker ${script} ended (${code ?? signal}) without a report`));
    });
  });
  return {
    ready: Promise.race([ready, finished.then(() => undefined)]),
    finished,
    tell: (message) => child.send(message as object), // every message of ours is an object
    kill: () => child.kill('SIGKILL'),
  };
}

/** In the load maker: runs it with its options, and reports. */
export function runLoad<Options, Report>(make: (options: Options, ready: () => void) => Promise<Report>): void {
  const options = JSON.parse(process.argv[2] ?? '{}') as Options; // startLoad of the same build wrote it
  const tell = (told: Told<Report>): Promise<void> =>
    new Promise((resolve) => process.send?.(told, () => resolve()) ?? resolve());
  make(options, () => void tell({ kind: 'ready' }))
    .then(
      (report) => tell({ kind: 'finished', report }),
      (error: unknown) => tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) }),
    )
    .then(() => process.exit(0));
}
