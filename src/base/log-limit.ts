/**
 * Keeps the log readable and its disk free, whatever a peer does: of lines that say the same, the first few of each
 * minute are written, and one more says how many there were; long texts in them are cut.
 */
import pino from 'pino';

/** Lines of one message in one window. */
export const sameLinesMax = 20;
export const windowMs = 60_000;
/** Messages told apart in one window; beyond them, others share one count. */
const messagesMax = 1_000;

export interface Repeated {
  readonly level: number;
  readonly message: string;
  readonly lines: number;
}

export interface LineLimit {
  /** Whether the line may be written; if not, it is counted. */
  admits(level: number, message: string): boolean;
  /** In all. */
  readonly repeated: number;
}

/** `later` calls once after so many ms; `tell` gets what was left out in a window, when it is over. */
export function limitLines(
  later: (ms: number, call: () => void) => void,
  tell: (repeated: Repeated) => void,
): LineLimit {
  let seen = new Map<string, { readonly level: number; lines: number }>();
  let repeated = 0;

  function close(): void {
    const ended = seen;
    seen = new Map();
    for (const [message, { level, lines }] of ended) {
      if (lines > sameLinesMax) tell({ level, message, lines: lines - sameLinesMax });
    }
  }

  return {
    admits(level, message) {
      if (seen.size === 0) later(windowMs, close);
      const key = seen.has(message) || seen.size < messagesMax ? message : 'other messages';
      const entry = seen.get(key) ?? { level, lines: 0 };
      seen.set(key, entry);
      entry.lines += 1;
      if (entry.lines <= sameLinesMax) return true;
      repeated += 1;
      return false;
    },
    get repeated() {
      return repeated;
    },
  };
}

const textCharactersMax = 1_000;
const stackCharactersMax = 4_000;
/** Of all texts of one line. */
const lineCharactersMax = 8_000;
const entriesMax = 20;
const depthMax = 4;

/** A copy of what is logged, in which nothing is long: texts, lists and depth are cut, and say so. */
export function cutFields(fields: unknown): unknown {
  let left = lineCharactersMax;

  function cut(value: unknown, depth: number, charactersMax: number): unknown {
    left -= 1;
    if (typeof value === 'string') return text(value, charactersMax);
    if (typeof value !== 'object' || value === null)
      return typeof value === 'bigint' ? text(String(value), charactersMax) : value;
    if (left <= 0 || depth > depthMax) return '…';
    if (value instanceof Error) return cut({ ...pino.stdSerializers.err(value) }, depth, charactersMax);
    if (Array.isArray(value)) {
      const rest = value.length > entriesMax ? [`… ${value.length - entriesMax} more`] : [];
      return [...value.slice(0, entriesMax).map((one) => cut(one, depth + 1, charactersMax)), ...rest];
    }
    const entries = Object.entries(value)
      .slice(0, entriesMax)
      .map(([name, one]) => [
        text(name, textCharactersMax),
        cut(one, depth + 1, name === 'stack' ? stackCharactersMax : textCharactersMax),
      ]);
    return Object.fromEntries(entries);
  }

  function text(whole: string, charactersMax: number): string {
    const shown = cutText(whole, Math.max(0, Math.min(charactersMax, left)));
    left -= shown.length;
    return shown;
  }

  return cut(fields, 0, textCharactersMax);
}

export function cutText(text: string, charactersMax = textCharactersMax): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax)}… (${text.length} characters)`;
}
