/** How far the log has got, and what follows it. */
export interface LogStatus {
  readonly epoch: string;
  readonly firstSeq: number;
  readonly head: number;
  readonly mark: number;
  readonly checkpoint: number;
  /** Committed and not yet in ClickHouse, of all epochs: the lag of what can be queried, in events. */
  readonly pending: number;
  /** The age of the oldest of them; null if the journal cannot tell. */
  readonly lagSeconds: number | null;
  /** `head − firstSeq + 1 = stored + deadLettered + pending`, of the present epoch, over all restarts. */
  readonly epochBook: { readonly stored: number; readonly deadLettered: number; readonly pending: number };
  /** Events that wait to be looked up in ClickHouse. */
  readonly parkedWaiting: number;
  readonly liveSubscribers: number;
  readonly laggingSubscribers: number;
  readonly bufferedBytes: { readonly sum: number; readonly max: number };
}

/** What clients use of the answer of `GET /api/admin/status`; it has more. */
export interface ServerStatus extends LogStatus {
  readonly ok: boolean;
  readonly message: string;
  readonly version: string;
  readonly startedAt: string;
  readonly disk: { readonly freeBytes: number | null; readonly reserveBytes: number };
  readonly journal: { readonly bytes: number; readonly budgetBytes: number; readonly durability: string };
  readonly engine: {
    readonly embedded: boolean;
    readonly phase: string;
    readonly reason: string;
    readonly version: string | null;
    readonly where: string;
  };
  readonly residentBytes: number;
  readonly loopDelaySeconds: { readonly p99: number };
}
