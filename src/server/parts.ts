/**
 * All that the edge is given: settings and the rooms behind it, so that it can run before real parts or fakes alike.
 */
import type { CountOutcome, CountRequest } from '../../schemas/count.ts';
import type { DeadLetterList } from '../../schemas/dead-letter-list.ts';
import type { DeadLetterReplay } from '../../schemas/dead-letter-replay.ts';
import type { Page, PageRequest } from '../../schemas/page.ts';
import type { ReadScope } from '../../schemas/read-scope.ts';
import type { Allowances } from '../access/allowances.ts';
import type { Audit } from '../access/audit.ts';
import type { Credentials } from '../access/credentials.ts';
import type { Log } from '../base/log.ts';
import type { OpenFeed } from '../feed/ports.ts';
import type { Intake } from '../ingest/intake.ts';
import type { WatchCounts } from '../live-counts/ports.ts';
import type { EventExport, ExportRequest } from '../query/export-events.ts';
import type { Console } from './console.ts';
import type { ServerCounters } from './counters.ts';
import type { TlsFiles } from './tls.ts';
import type { Topics } from './topics.ts';

export interface ServerParts {
  readonly options: ServerOptions;
  readonly credentials: Credentials;
  readonly allowances: Pick<Allowances, 'of'>;
  readonly audit: Pick<Audit, 'entered' | 'refused' | 'operated'>;
  /** Of any kind at once. */
  readonly connectionsMax: number;
  /** How many more files and sockets may be opened; Infinity where that is not known. */
  readonly descriptorsLeft: () => number;
  readonly intake: Pick<
    Intake,
    'acceptBatch' | 'acceptInSlices' | 'acceptMessage' | 'ensureDurable' | 'whenDurable' | 'lost$'
  >;
  readonly openFeed: OpenFeed;
  /** What the feeds publish to. */
  readonly topics: Topics;
  readonly watchCounts: WatchCounts;
  readonly queries: Queries;
  readonly console: Console;
  readonly ready: () => Readiness;
  /** How it stands, as `GET /api/admin/status` answers. */
  readonly status: () => Readonly<Record<string, unknown>>;
  /** How many events the log has above a seq, of all epochs. */
  readonly eventsAbove: (seq: number) => number;
  /** The oldest events of the dead letter that this one may read. */
  readonly deadLetter: (eventsMax: number, scope: ReadScope) => Promise<DeadLetterList>;
  /** Replays of the dead letter. */
  readonly replays: DeadLetterReplays;
  /** The text of `/metrics`. */
  readonly metrics: () => string;
  readonly log: Log;
  readonly counters: ServerCounters;
  readonly now: () => Date;
}

/** A query's body, and a subscriber's messages, hold a filter and little else. */
export const filterBytesMax = 1024 * 1024;

/** Named as in the configuration, which can be given as it is. */
export interface ServerOptions {
  /** For a copy of the edge library's binary, where the program's own folder takes none. */
  readonly dataDir?: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Null or left out: no TLS. */
  readonly tls?: TlsFiles | null;
  /** How long browsers shall ask by https only; 0 or left out says nothing of it. */
  readonly hstsSeconds?: number;
  /** What links in answers begin with; null where requests tell. */
  readonly publicUrl: string | null;
  /** Origins whose pages may come, as `parseOrigins` takes them; null as the credentials say. */
  readonly corsOrigins: string | null;
  /** Addresses and networks whose `Forwarded` and `X-Forwarded-…` headers are believed. */
  readonly trustedProxies: string;
  /** Of a request line and its headers; a process has one such bound, that of its first server. */
  readonly headBytesMax: number;
  /** Of all heads that are not whole, at most. */
  readonly headsBytesMax: number;
  readonly bodyBytesMax: number;
  /** Set where a Prefect server hands its events on, and others are forwarded to it. */
  readonly prefectUrl?: string | null;
  /** Bytes of all bodies that are being read or accepted. */
  readonly bodiesBytesMax: number;
  /** Longest wait for a whole body. */
  readonly bodyMs: number;
  /** Bytes of all answers that are read or wait for their readers. */
  readonly answersBytesMax: number;
  readonly frameBytesMax: number;
  /** What the messages of all sockets may take, as far as it shows. */
  readonly framesBytesMax: number;
  /** Sockets that are authenticating at once. */
  readonly authenticatingMax: number;
  readonly authenticateMs: number;
  readonly filterMs: number;
  /** Interval of pings; a peer without a sign of life for two of them is closed. */
  readonly pingMs: number;
  /** A subscriber for which bytes wait and which takes none for so long is closed. */
  readonly stallMs: number;
  readonly socketsMax: number;
  /** How far back a subscriber may start. */
  readonly backfillMaxMs: number;
  /** The same for those with positions. */
  readonly historyMaxMs: number;
  /** The release of Prefect that clients are told. */
  readonly prefectVersion: string;
}

/** Each rejects with a Failure; the signal tells that the client has gone. */
export interface Queries {
  /** `taken` hears of the bytes of each row before it is read, and may throw. */
  readFirstPage(
    request: PageRequest,
    scope: ReadScope,
    signal: AbortSignal,
    taken: (bytes: number) => void,
  ): Promise<Page>;
  /** Rejects with Failure `forbidden` for a token of another scope. */
  readNextPage(token: string, scope: ReadScope, signal: AbortSignal, taken: (bytes: number) => void): Promise<Page>;
  countEvents(request: CountRequest & { readonly now: Date }, scope: ReadScope, signal: AbortSignal): CountOutcome;
  /** Rejects with Failure `forbidden` for a token of another scope, `badFilter` for what is no event's place. */
  exportEvents(request: ExportRequest, scope: ReadScope, signal: AbortSignal): Promise<EventExport>;
}

export interface DeadLetterReplays {
  /** How the newest one goes, or went. */
  readonly newest: DeadLetterReplay;
  /** Begins one for an operator of this name, if none is running. Throws a Failure. */
  begin(by: string): DeadLetterReplay;
}

/** Whether intake is durable (docs/design.md, "Health"). */
export interface Readiness {
  readonly ok: boolean;
  /** Why not, as a sentence. */
  readonly reason: string;
  /** Shown at `?verbose=1`. */
  readonly verbose: () => Readonly<Record<string, unknown>>;
}
