/**
 * Every way in which Sluice says no: one table from a failure's name to its HTTP status and WebSocket close code (I4).
 * `docs/PROTOCOL.md` lists the same names.
 */

interface FailureShape {
  /** HTTP status. */
  readonly status: number;
  /** WebSocket close code. */
  readonly code: number;
  /** Whether the same may succeed later, without a change by who asked. */
  readonly mayRetry: boolean;
  /** Seconds for `Retry-After`, where it is worth saying. */
  readonly retryAfterSeconds?: number;
}

export const failures = {
  unauthorized: { status: 401, code: 1008, mayRetry: false },
  forbidden: { status: 403, code: 1008, mayRetry: false },
  doubtfulHead: { status: 400, code: 1002, mayRetry: false },
  badEvent: { status: 422, code: 1008, mayRetry: false },
  badMessage: { status: 422, code: 1003, mayRetry: false },
  badText: { status: 422, code: 1007, mayRetry: false },
  forwardedBack: { status: 421, code: 1008, mayRetry: false },
  idTaken: { status: 409, code: 1008, mayRetry: false },
  badFilter: { status: 422, code: 1002, mayRetry: false },
  bodyTooLarge: { status: 413, code: 1009, mayRetry: false },
  codedBody: { status: 415, code: 1003, mayRetry: false },
  bodyTooSlow: { status: 408, code: 1008, mayRetry: true },
  tooManyBytesInFlight: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 1 },
  journalFull: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 5 },
  tooManyParked: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 5 },
  journalFailed: { status: 503, code: 1011, mayRetry: true, retryAfterSeconds: 30 },
  notConfirmed: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 1 },
  gatewayBehind: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 2 },
  sharedLogLost: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 30 },
  storeUnavailable: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 2 },
  otherWrites: { status: 409, code: 1008, mayRetry: true },
  storeRefused: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 30 },
  queryTimedOut: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 5 },
  queryTooLarge: { status: 503, code: 1013, mayRetry: false },
  tooManyQueries: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 1 },
  tooManyAnswerBytes: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 1 },
  tooManyFilterBytes: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 30 },
  tooManyGroups: { status: 422, code: 1008, mayRetry: false },
  tooManyCounts: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 30 },
  tooManyCountBytes: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 30 },
  tooManyAuthenticating: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 2 },
  tooManySockets: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 5 },
  overRate: { status: 429, code: 1013, mayRetry: true, retryAfterSeconds: 1 },
  overConnections: { status: 429, code: 1013, mayRetry: true, retryAfterSeconds: 5 },
  overQueries: { status: 429, code: 1013, mayRetry: true, retryAfterSeconds: 1 },
  keysUnavailable: { status: 503, code: 1013, mayRetry: true, retryAfterSeconds: 5 },
  timedOut: { status: 408, code: 1008, mayRetry: true },
  stalledSubscriber: { status: 408, code: 1008, mayRetry: true },
  pastRetention: { status: 410, code: 1008, mayRetry: false },
  pageFilterGone: { status: 410, code: 1008, mayRetry: false },
  closedByOperator: { status: 403, code: 1008, mayRetry: false },
  shuttingDown: { status: 503, code: 1012, mayRetry: true, retryAfterSeconds: 2 },
  internal: { status: 500, code: 1011, mayRetry: true },
} as const satisfies Record<string, FailureShape>;

export type FailureName = keyof typeof failures;

interface FailureOptions extends ErrorOptions {
  readonly retryAfterSeconds?: number;
}

/** An expected failure: its name decides status and close code, its message is one sentence that a peer may see. */
export class Failure extends Error {
  readonly failure: FailureName;
  /** Where this one knows better than its row; else null. */
  readonly retryAfterSeconds: number | null;

  constructor(failure: FailureName, sentence: string, options?: FailureOptions) {
    super(sentence, options);
    this.name = 'Failure';
    this.failure = failure;
    this.retryAfterSeconds = options?.retryAfterSeconds ?? null;
  }
}

/**
 * A start that cannot go on: the message is a sentence that says what is wrong and what to do. Exit code 1, no stack
 * trace.
 */
export class StartRefused extends Error {
  override readonly name: string = 'StartRefused';
}

/** What was typed is no command, or no flag or value of it. */
export class WrongUsage extends StartRefused {
  override readonly name = 'WrongUsage';
}

/** What somebody else's error says, in one line. */
export function firstLineOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
