/**
 * The command `sluice` as a child process, on pipes or on a pseudo-terminal, with the environment of the caller alone.
 */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from './peers/sluice.ts';

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads from stdin; nothing by default. */
  readonly input?: string;
  /** On a pseudo-terminal of so many columns, 24 rows high; stdout has what stderr has, too. */
  readonly columns?: number;
  readonly cwd?: string;
}

export interface CommandResult {
  /** Its exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface RunningCommand {
  readonly child: ChildProcessWithoutNullStreams;
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<CommandResult>;
}

export const program: string = join(repositoryRoot(), 'bin', 'sluice.mjs');
/** Python has pseudo-terminals, Node has not. */
export const hasTerminal: boolean = spawnSync('python3', ['-c', 'import pty']).status === 0;
if (!hasTerminal) console.log('skipped: tests on a pseudo-terminal need python3, which is not installed');

/** Starts it; `input` ends its stdin. */
export function startCommand(words: readonly string[], options: CommandOptions = {}): RunningCommand {
  const { env = {}, input, columns, cwd = tmpdir() } = options;
  const own = [process.execPath, program, ...words];
  const terminal = ['python3', join(repositoryRoot(), 'support', 'pseudo-terminal.py'), String(columns), '24'];
  const [command = '', ...rest] = columns === undefined ? own : [...terminal, ...own];
  const begunMs = performance.now();
  const child = spawn(command, rest, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', TERM: 'xterm', ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  // A command that reads nothing may be gone before its input is.
  child.stdin.on('error', () => undefined);
  if (input !== undefined) child.stdin.end(input);
  const ended = new Promise<CommandResult>((resolve) => {
    child.once('close', (code, signal) =>
      resolve({ code: code ?? signal ?? '', stdout, stderr, ms: performance.now() - begunMs }),
    );
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** Runs it to its end. */
export function runCommand(words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return startCommand(words, { input: '', ...options }).ended;
}
