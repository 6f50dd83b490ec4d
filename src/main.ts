/**
 * The process: it hears signals from its first moment on, loads the command and runs it. Every expected failure is one
 * sentence and an exit code, be it that too few files may be open to load anything.
 */
import { exitCodeOfError, sentenceOf } from './commands/start-sentence.ts';
import { StopSignals } from './commands/stop-signals.ts';

/** Of a sentence to somebody who does not read. */
const saidMs = 500;

// First of all: for a process 1, as in a container, a signal that nobody listens to is none.
const signals = new StopSignals();

import('./commands/run-command.ts')
  .then(({ runCommand }) => runCommand(process.env, process.argv.slice(2), signals))
  .then(
    (isWell) => process.exit(isWell ? 0 : 1),
    (error: unknown) => {
      const code = exitCodeOfError(error);
      const sentence = sentenceOf(error) ?? (error instanceof Error ? error.stack : String(error));
      process.stderr.on('error', () => undefined).write(`sluice: ${sentence}\n`, () => process.exit(code));
      setTimeout(() => process.exit(code), saidMs);
    },
  );
