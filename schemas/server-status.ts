/** What clients use of the answer of `GET /api/admin/status`; it has more. */
export interface ServerStatus {
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
  readonly epoch: string;
  readonly firstSeq: number;
  readonly head: number;
  readonly mark: number;
  readonly checkpoint: number;
  readonly pending: number;
  readonly lagSeconds: number | null;
  readonly epochBook: { readonly stored: number; readonly deadLettered: number; readonly pending: number };
  readonly parkedWaiting: number;
  readonly liveSubscribers: number;
  readonly laggingSubscribers: number;
  readonly bufferedBytes: { readonly sum: number; readonly max: number };
  readonly residentBytes: number;
  readonly loopDelaySeconds: { readonly p99: number };
}
