/**
 * What a command is: a row of data for the parser, the help and the completion alike, and the function that is loaded
 * when it is called.
 */
import type { Terminal } from './terminal.ts';

export interface OptionRow {
  /** As commander has it: `-e, --event <name>`. */
  readonly flags: string;
  readonly help: string;
  readonly choices?: readonly string[];
  readonly fallback?: string;
  /** May be given several times; its value is the list of them. */
  readonly isRepeatable?: true;
  /** Is parsed, and not shown. */
  readonly isHidden?: true;
}

export interface Example {
  readonly words: string;
  readonly says: string;
}

export interface CommandRow {
  readonly name: string;
  /** As commander has it: `<what> [filter...]`. */
  readonly words: string;
  readonly summary: string;
  readonly options: readonly OptionRow[];
  readonly examples: readonly Example[];
  /** More for its help page, made when it is asked for. */
  readonly more?: () => Promise<string>;
  /** Ctrl-C is its usual end. */
  readonly isEndless?: true;
  /** Resolves to its exit code. Rejects with UsageError, CommandError, or an error of the client. */
  readonly run: (call: Call) => Promise<number>;
}

/** One call of a command. */
export interface Call {
  readonly words: readonly string[];
  readonly options: OptionValues;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
}

/** By their long names, in camelCase; a flag without a value is true. */
export type OptionValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export function textOption({ options }: Pick<Call, 'options'>, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function listOption({ options }: Pick<Call, 'options'>, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value : [];
}

export function hasOption({ options }: Pick<Call, 'options'>, name: string): boolean {
  return options[name] === true;
}
