/**
 * A gateway, put together: what it takes goes into its spool, from there into the shared log, and from there into its
 * replica, which all readers read. It joins the shared log whenever NATS answers.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { endsWithin } from '../base/ends-within.ts';
import { Failure, firstLineOf } from '../base/errors.ts';
import type { FilePort } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import type { JournalFacts } from '../clickhouse/ownership.ts';
import type { Store } from '../clickhouse/store.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import type { Row } from '../event-log/row.ts';
import type { Redactor } from '../event-text/redactor.ts';
import type { Journal } from '../journal/journal.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { openDeadLetterStream } from '../nats/dead-letter-stream.ts';
import type { OpenedStream } from '../nats/open-stream.ts';
import { Carrying } from './carrying.ts';
import { FollowedTokens } from './follow-tokens.ts';
import { ForwardingSide } from './forwarding-side.ts';
import { factsOfGateways } from './gateway-facts.ts';
import type { GatewayFolder, GatewayRun } from './gateway-folder.ts';
import type { GatewayStatus } from './gateway-status.ts';
import { whenIdsFilled } from './ids-of-replica.ts';
import { type JoinedLog, joinLog, tokensKey } from './join-log.ts';
import { KeptApart } from './kept-apart.ts';
import { GatewaysLook } from './look-at-gateways.ts';
import type { FoundSpool } from './older-copy.ts';
import { ownWord } from './own-word.ts';
import { openReplicaSide, type ReplicaSide, windowOf } from './replica-side.ts';
import type { SharedSettings } from './same-settings.ts';
import { SharedDeadLetter } from './shared-dead-letter.ts';
import { SharedWriter, type SharedWriterParts } from './shared-writer.ts';
import { openSpoolSide, type SpoolSide } from './spool-side.ts';
import { askSyncPromise, promiseSentence, type SyncPromise } from './sync-promise.ts';

export interface OpenGatewayParts {
  readonly settings: GatewaySettings;
  readonly shared: SharedSettings;
  readonly folder: GatewayFolder;
  readonly run: GatewayRun;
  readonly idsMax: number;
  readonly isSynced: boolean;
  /** So many old events may wait to be looked up. */
  readonly parkedMax: number;
  /** Keeps events whose ids are taken, on the disk when it returns; throws what the disk throws. */
  readonly keepTaken: (rows: readonly Row[]) => void;
  /** Opens the journal in a folder: of the replica of a shared log, or a spool. */
  readonly openJournal: (directory: string, replicaOf: OpenedStream | null) => Journal;
  readonly hasSubscribers: () => boolean;
  /** Why nothing is taken in; null where it is. */
  readonly gate: () => Failure | null;
  readonly redactor: Redactor | null;
  readonly counters: Counters;
  readonly files: FilePort;
  readonly log: Log;
}

const drainMs = 4_000;
const lastWordMs = 1_000;

export class OpenGateway {
  readonly spool: Journal;
  readonly replica: Journal;
  readonly replicaSide: ReplicaSide;
  readonly spoolSide: SpoolSide;
  readonly forwarding: ForwardingSide;
  readonly deadLetter = new SharedDeadLetter();
  readonly #parts: OpenGatewayParts;
  readonly #stream: OpenedStream;
  readonly #foundSpool: FoundSpool;
  readonly #starting: AbortController;
  readonly #carrying: Carrying;
  readonly #tokens: FollowedTokens;
  readonly #apart: KeptApart;
  #joined: JoinedLog | null = null;
  #trim: GatewaysLook | null = null;
  #writer: SharedWriter | null = null;
  #store: Store | null = null;
  #fault: string | null = null;
  #syncPromise: SyncPromise = 'unknown';
  #isClosed = false;
  /** The message up to which a new gateway is not ready. */
  #catchesUpTo = 0;
  /** Why it does not follow the shared log yet; null if it does. */
  #lacksIds: string | null = null;

  constructor(parts: OpenGatewayParts, spool: Journal, stream: OpenedStream, starting: AbortController) {
    const { folder, idsMax, isSynced, hasSubscribers, files, log, gate, redactor, counters } = parts;
    this.#parts = parts;
    this.#stream = stream;
    this.#starting = starting;
    this.spool = spool;
    this.#foundSpool = { epoch: spool.epoch, head: spool.head };
    this.#apart = new KeptApart(parts.keepTaken, log);
    this.#tokens = new FollowedTokens({ dataDir: folder.dataDir, elapsedMs: () => performance.now(), log });
    this.replica = parts.openJournal(folder.replica, stream);
    this.replicaSide = openReplicaSide({
      ...{ directory: folder.replica, journal: this.replica, hasBefore: stream.after !== null },
      ...{ idsMax, isSynced, hasSubscribers, files, log },
      own: { applied: (outcome) => this.#carrying.applied(outcome) },
      again: () => this.#carrying.again(),
    });
    this.forwarding = new ForwardingSide({
      ...{ stream, replica: this.replica, side: this.replicaSide, log },
      isOn: parts.shared.prefectUrl !== null,
      othersOldest: () => this.#trim?.othersOldest ?? null,
    });
    this.spoolSide = openSpoolSide({
      ...{ spool, redactor, counters, log },
      gate: () => gate() ?? this.failure ?? this.forwarding.refusal,
      applied: () => this.replicaSide.replica.seq,
      others: windowOf(this.replicaSide),
    });
    this.#carrying = new Carrying({
      ...{ spool, stream, idsMax, log },
      grown$: this.spoolSide.grown$,
      side: this.replicaSide,
      checkpoint: () => this.replica.checkpoint,
      settled: (upTo, letGo) => this.spoolSide.settled(upTo, letGo),
      keepTaken: (rows) => this.#apart.keep(rows),
      parkedMax: parts.parkedMax,
      lost: (sentence) => this.#lose(sentence),
    });
  }

  /** Why this gateway takes nothing and goes no further; null while it does. */
  get failure(): Failure | null {
    return this.#fault === null ? null : new Failure('sharedLogLost', this.#fault);
  }

  /** Why it is not ready; null if it is. */
  get notReady(): Failure | null {
    const { stream } = this.replicaSide.replica.applied;
    const isNew = (stream < this.#catchesUpTo || this.#lacksIds !== null) && this.#fault === null;
    const behind = this.#lacksIds ?? `This gateway is new: message ${stream} of ${this.#catchesUpTo} is applied.`;
    return isNew
      ? new Failure('gatewayBehind', behind)
      : (this.failure ?? this.forwarding.refusal ?? this.spool.check());
  }

  /** Where ClickHouse has to know of this gateway. */
  get mayMigrate(): boolean {
    return this.#writer?.isHolder === true;
  }

  get status(): GatewayStatus {
    const { settings } = this.#parts;
    const known = this.#writer?.known;
    return {
      id: settings.id,
      stream: this.#stream.name,
      applied: this.replicaSide.replica.applied.stream,
      waiting: this.#waiting,
      parked: this.#carrying.parked,
      idsTaken: this.#apart.count,
      isJoined: this.#joined !== null,
      writer: known?.holder ?? '',
      term: known?.term ?? 0,
      logFault: this.#carrying.fault,
      writerFault: this.#writer?.fault ?? null,
      syncPromise: this.#syncPromise,
      promise: promiseSentence(this.#syncPromise),
      tokensAgeSeconds: this.#tokens.ageSeconds,
      deadLetter: this.deadLetter.size,
    };
  }

  facts(): JournalFacts {
    return factsOfGateways(this.replica, this.#writer?.known?.state ?? null);
  }

  startWriter(store: Store, options: SharedWriterParts['options']): SharedWriter {
    const { counters, log } = this.#parts;
    const { live, ids } = this.replicaSide;
    const { deadLetter } = this;
    const writer = new SharedWriter({
      ...{ replica: this.replica, live, store, deadLetter, options, counters, log },
      keepIds: (seq) => ids.keep(seq),
      followed: () => this.spoolSide.trim(this.replica.checkpoint),
      isFollowing: () => this.replicaSide.isFollowing,
      elapsedMs: () => performance.now(),
    });
    this.#writer = writer;
    this.#store = store;
    this.#begin();
    return writer;
  }

  async join(nats: Nats): Promise<void> {
    const { settings, shared, idsMax, run, log } = this.#parts;
    this.#syncPromise = await askSyncPromise(settings.monitorUrls);
    await this.#tokens.begin(await tokensKey(nats, settings));
    this.deadLetter.begin(await openDeadLetterStream(nats, settings));
    const now = () => ({
      ...{ waiting: this.#waiting, fault: this.#fault },
      waits: this.#lacksIds ?? this.#carrying.fault ?? this.forwarding.refusal?.message ?? this.#writer?.fault ?? null,
    });
    const { spool, replica, replicaSide: side } = this;
    const word = () => ownWord({ spool, replica, side, run: run.number, now });
    const lost = (sentence: string): void => this.#lose(sentence);
    if (this.replica.applied.stream === 0 || this.replicaSide.ids.missingUpTo !== null) {
      this.#catchesUpTo = (await nats.manager.streams.info(this.#stream.name)).state.last_seq;
    }
    this.#joined = await joinLog(nats, this.#stream, {
      ...{ settings, shared, idsMax, word, run, lost, log },
      spool: this.#foundSpool,
    });
    log.info(
      { stream: this.#stream.name, epoch: this.#stream.epoch, promise: this.#syncPromise },
      'joined the shared log',
    );
    this.#begin();
    this.forwarding.joined(this.#joined.forwarderLease);
  }

  couldNotJoin(error: unknown): void {
    if (this.#isClosed) return;
    this.#lose(firstLineOf(error));
  }

  /** What the spool holds may still get into the shared log. */
  async drain(): Promise<void> {
    const deadline = performance.now() + drainMs;
    while (this.#joined !== null && this.#waiting > 0 && this.#fault === null && performance.now() < deadline) {
      await wait(20);
    }
  }

  /** All that is served is over; what is appended is committed, but for a disk that does not answer. */
  async close(isSettled: boolean): Promise<void> {
    this.#isClosed = true;
    this.#starting.abort();
    this.#tokens.stop();
    this.deadLetter.stop();
    this.#trim?.stop();
    this.#carrying.stop();
    if (isSettled && this.#joined !== null) await endsWithin(lastWordMs, this.#joined.claim.end());
    this.#joined?.claim.stop();
    this.spoolSide.close();
    await this.#joined?.nats.close();
    this.replicaSide.ids.close();
  }

  get #waiting(): number {
    return this.#carrying.waiting;
  }

  /** Once both are there. */
  #begin(): void {
    const joined = this.#joined;
    const writer = this.#writer;
    const store = this.#store;
    if (joined === null || writer === null || store === null || this.#isClosed || this.#fault !== null) return;
    const { settings, log } = this.#parts;
    writer.begin(joined.lease);
    void this.#fillIds(store).then(() => {
      if (!this.#isClosed && this.#fault === null)
        this.#carrying.begin(joined.nats, settings.id, store, this.deadLetter);
    });
    this.#trim = new GatewaysLook({
      ...{ nats: joined.nats, stream: this.#stream, bucket: joined.bucket, log },
      id: settings.id,
      stored: (isFilling) => this.replicaSide.messages.upTo(this.forwarding.settledUpTo(isFilling)),
      holder: () => writer.known?.holder ?? '',
      isHolder: () => writer.isHolder,
      sums: () => this.replicaSide.sums.sums,
      differs: (sentence) => this.#lose(sentence),
      elapsedMs: () => performance.now(),
    });
  }

  /** Before that nothing can be judged as every other gateway judges it. Never rejects. */
  async #fillIds(store: Store): Promise<void> {
    const { idsMax, log } = this.#parts;
    await whenIdsFilled({
      ...{ side: this.replicaSide, firstSeq: this.replica.firstSeq, store, dead: this.deadLetter, idsMax, log },
      signal: this.#starting.signal,
      says: (sentence) => {
        this.#lacksIds = sentence;
      },
    });
  }

  #lose(sentence: string): void {
    if (this.#fault !== null) return;
    this.#fault = sentence;
    this.#carrying.stop();
    this.#trim?.stop();
    void this.#writer?.stop(0);
    this.forwarding.stop();
    this.#parts.log.error({ reason: sentence }, 'this gateway has lost the shared log: it takes nothing any more');
  }
}
