/** The process of a command: reads its words, runs it, and ends with its exit code. */
import { CommanderError } from 'commander';
import { SluiceError } from '../client/src/errors.ts';
import { isUntrusted } from '../client/src/untrusted.ts';
import { packageVersion } from '../src/base/package-root.ts';
import { commandRows } from './command-table.ts';
import { CommandError, exitCodes, UsageError } from './exit-codes.ts';
import { type Chosen, parse } from './program.ts';
import { readTarget } from './target.ts';
import { Terminal } from './terminal.ts';

/** What a command has to end after the first signal, before the process ends without it. */
const endMs = 5_000;
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Never returns before the process ends. */
export async function runProcess(from: NodeJS.Process): Promise<void> {
  // A reader that has left wants no more: that is no fault.
  for (const output of [from.stdout, from.stderr]) {
    output.on('error', (error: NodeJS.ErrnoException) => from.exit(error.code === 'EPIPE' ? 0 : exitCodes.error));
  }
  from.exit(await run(from));
}

async function run(from: NodeJS.Process): Promise<number> {
  const words = from.argv.slice(2);
  const terminal = new Terminal(from, from.env, words.includes('--quiet') || words.includes('-q'));
  let chosen: Chosen | null = null;
  try {
    chosen = await parse(commandRows, words, packageVersion(), {
      write: (text) => void from.stdout.write(text),
      complain: (text) => void from.stderr.write(text),
      columns: terminal.columns,
    });
    if (chosen === null) return exitCodes.ok;
    const { row, ...called } = chosen;
    const controller = stopSignal(from);
    const { signal } = controller;
    if (row.isEndless === true) {
      const { whenReaderGone } = await import('./reader-gone.ts');
      whenReaderGone(from.stdout.fd, () => controller.abort());
    }
    const ended = row.run({ ...called, environment: from.env, terminal, signal });
    return await ended.catch((error: unknown) => {
      // What broke off because it was asked to is no failure.
      if (!signal.aborted || error instanceof UsageError) throw error;
      return row.isEndless === true ? exitCodes.ok : exitCodes.interrupted;
    });
  } catch (error) {
    return tell(error, terminal, () => wantedToken(chosen, from.env));
  }
}

/** Aborted by the first signal; the second one ends the process. */
function stopSignal(from: NodeJS.Process): AbortController {
  const controller = new AbortController();
  for (const name of stopSignals) {
    from.on(name, () => {
      if (controller.signal.aborted) from.exit(exitCodes.interrupted);
      controller.abort();
      setTimeout(() => from.exit(exitCodes.interrupted), endMs).unref();
    });
  }
  return controller;
}

/** One sentence, or the stack of a fault of ours. */
function tell(error: unknown, terminal: Terminal, tokenSentence: () => string): number {
  // The parser has said it already.
  if (error instanceof CommanderError) return exitCodes.usage;
  if (error instanceof UsageError) {
    terminal.complain(error.message);
    return exitCodes.usage;
  }
  if (error instanceof CommandError) {
    terminal.complain(error.message);
    return error.exitCode;
  }
  if (error instanceof SluiceError) {
    terminal.complain(error.failure === 'unauthorized' ? tokenSentence() : sentenceOf(error));
    return error.failure === 'gap' ? exitCodes.gap : exitCodes.error;
  }
  terminal.complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return exitCodes.error;
}

/** Of a server that let nobody in. */
function wantedToken(chosen: Chosen | null, environment: NodeJS.ProcessEnv): string {
  const way = 'set SLUICE_TOKEN, or name a file by --token-file';
  if (chosen?.row.name === 'replay')
    return `A server wants another token: ${way}; of the server of --to it is SLUICE_TO_TOKEN or --to-token-file.`;
  const isGiven = chosen !== null && readTarget({ ...chosen, environment }).token !== null;
  return isGiven
    ? `The server wants another token than the one it was given: ${way}.`
    : `The server wants a token, and none was given: ${way}.`;
}

function sentenceOf(error: SluiceError): string {
  const { message, failure, status } = error;
  if (failure === 'network' && !isUntrusted(error))
    return `${message}. Is the server running, and is --url (or SLUICE_URL) its address?`;
  if (status === 404) return `This server has no such route (${message}): it may be an older Sluice, or a Prefect.`;
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
