/**
 * Starts a crowd (crowd.ts) as a process of its own; it is killed at the deadline.
 */
import { fork } from 'node:child_process';
import type { CrowdOptions, CrowdOrder, CrowdReport, CrowdTold } from './crowd.ts';

export interface Crowd {
  readonly ready: Promise<void>;
  readonly finished: Promise<CrowdReport>;
  tell(order: CrowdOrder): void;
  end(): void;
}

export function startCrowd(options: CrowdOptions, deadlineMs: number): Crowd {
  const child = fork(new URL('./crowd.ts', import.meta.url), [JSON.stringify(options)]);
  const late = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code, signal) => reject(new Error(`the crowd ended (${code ?? signal}) without a report`)));
  });
  const told = <Kind extends CrowdTold['told']>(kind: Kind): Promise<CrowdTold & { told: Kind }> =>
    new Promise((resolve) => {
      child.on('message', (message: CrowdTold) => {
        if (message.told === kind) resolve(message as CrowdTold & { told: Kind }); // its kind was just looked at
      });
    });
  const finished = told('finished');
  return {
    ready: Promise.race([told('ready').then(() => undefined), ended]),
    finished: Promise.race([finished.then(({ report }) => report), ended]),
    tell: (order) => void child.send(order),
    end: () => {
      clearTimeout(late);
      child.kill('SIGKILL');
    },
  };
}
