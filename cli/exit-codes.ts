/** How a command ends: its exit codes, and the errors that mean one of them. */

export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  /** Events may be missing from what was given. */
  gap: 3,
  /** Ctrl-C in the middle of work that has an end. */
  interrupted: 130,
} as const;

/** The command was not called rightly: one sentence that says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** An expected failure: one sentence that says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(sentence: string, exitCode: number = exitCodes.error, options?: ErrorOptions) {
    super(sentence, options);
    this.exitCode = exitCode;
  }
}
