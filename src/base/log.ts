/**
 * The program's log: JSON lines on stderr (pino: small, kept, fast). Nothing that is logged may hold a secret or a
 * payload. It never holds the program up and never ends it: lines are cut, limited where they repeat, and left out and
 * counted where nobody takes them.
 */
import pino from 'pino';
import { cutFields, cutText, type LineLimit, limitLines } from './log-limit.ts';
import { Output } from './output.ts';

export type Log = pino.Logger;

/** Lines that were left out. */
export interface LogLosses {
  /** They said the same as many before them. */
  readonly repeated: number;
  /** Nobody took what waited. */
  readonly unwritten: number;
}

const limits = new WeakMap<Log, LineLimit>();
let stderr: Output | null = null;

export function createLog(level: string): Log {
  const log: Log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        logMethod(args, method, lineLevel) {
          const [fields, message] = partsOf(args);
          if (lineLevel >= pino.levels.values['info']! && !limit.admits(lineLevel, message)) return;
          method.apply(this, [cutFields(fields) as object, cutText(message)]); // cutting an object gives one
        },
      },
    },
    { write: (line) => outputOf().write(line) },
  );
  const limit = limitLines(
    (ms, call) => setTimeout(call, ms).unref(),
    ({ level: lineLevel, message, lines }) => {
      const say = pino.levels.labels[lineLevel] as pino.Level; // a level that was logged at
      log[say]({ lines, message }, 'more lines with this message were left out');
    },
  );
  limits.set(log, limit);
  return log;
}

/** What of this log was left out so far. */
export function lossesOf(log: Log): LogLosses {
  return { repeated: limits.get(log)?.repeated ?? 0, unwritten: stderr?.dropped ?? 0 };
}

/** Waits for what is not written yet, no longer than the deadline. */
export async function flushLog(deadlineMs: number): Promise<void> {
  await stderr?.flush(deadlineMs);
}

/** One queue to stderr, opened with the first line. */
function outputOf(): Output {
  stderr ??= new Output(2, (lines) => {
    const fields = { level: pino.levels.values['warn'], time: new Date().toISOString(), lines };
    return `${JSON.stringify({ ...fields, msg: 'lines were left out here: nobody took them' })}\n`;
  });
  return stderr;
}

/** Of `log.info(message)`, `log.info(fields, message)` and `log.error(error, message)`. */
function partsOf([first, second]: readonly unknown[]): readonly [fields: unknown, message: string] {
  if (typeof first === 'string') return [{}, first];
  const fields = first instanceof Error ? { err: first } : first;
  return [fields, typeof second === 'string' ? second : first instanceof Error ? first.message : ''];
}
