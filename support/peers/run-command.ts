/** Runs a command of a tool to its end, with all that it prints. */
import { spawn } from 'node:child_process';

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** It is killed after so many ms; never by default. */
  readonly timeout?: number;
}

/** Never rejects: a command that is not there ends with null, and so does one that is killed for its time. */
export function run(command: string, words: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    child.once('error', (error) => resolve({ code: null, output: error.message }));
    child.once('close', (code) => resolve({ code, output }));
  });
}

export function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
