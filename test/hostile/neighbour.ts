/**
 * The neighbour that behaves, beside hostile peers: a producer, a subscriber and a probe, in a process of their own
 * (`neighbour-process.ts`), so that what the peers cost us is not measured as what they cost it.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface NeighbourReport {
  readonly sent: number;
  readonly acknowledged: number;
  /** What was acknowledged and is not stored, or stored twice. */
  readonly lost: number;
  /** What was acknowledged and did not come, or came twice. */
  readonly unheard: number;
  readonly repeated: number;
  /** What its connections were told, each with its failure's name. */
  readonly troubles: readonly Trouble[];
  readonly probes: number;
  /** The longest wait for `/api/health`, less what this process itself stood still. */
  readonly longestMs: number;
  /** The most CPU of the server's event loop within one such wait. */
  readonly heldMs: number;
}

export interface Trouble {
  readonly failure: string;
  readonly sentence: string;
  /** The process stood still shortly before. */
  readonly isOfPause: boolean;
}

export interface NeighbourWords {
  readonly url: string;
  readonly pid: number;
}

export interface Neighbour {
  /** Ends it once all that it sent was answered, and came. */
  finish(): Promise<NeighbourReport>;
  kill(): void;
}

export async function startNeighbour(words: NeighbourWords): Promise<Neighbour> {
  const file = fileURLToPath(new URL('neighbour-process.ts', import.meta.url));
  const runTypeScript = fileURLToPath(new URL('../../support/run-ts.mjs', import.meta.url));
  const child = fork(file, [JSON.stringify(words)], { execArgv: ['--import', runTypeScript] });
  const killIt = (): void => void child.kill('SIGKILL');
  process.on('exit', killIt);
  child.once('exit', () => process.off('exit', killIt));
  const next = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`The neighbour ended with ${code}`)));
    });
  await next();
  return {
    async finish() {
      const report = next();
      child.send('finish');
      return (await report) as NeighbourReport; // our own process
    },
    kill: killIt,
  };
}
