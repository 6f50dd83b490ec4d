/**
 * Keeps the store's status true (I9): asks until ClickHouse answers, checks its version, migrates, lets the owner
 * verify, and only then says `ready`; watches it, and begins anew when it stops answering or the endpoint moves.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { BehaviorSubject, type Subscription } from 'rxjs';
import { Failure } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { RetentionOptions } from './apply-retention.ts';
import { askEach, checkShards, probeCluster } from './check-cluster.ts';
import { checkVersion } from './check-version.ts';
import type { Endpoint, EndpointSource } from './endpoint.ts';
import type { FoundLayout } from './layout.ts';
import { checkMigrated, ensureDatabase, findLayout, migrate } from './migrate.ts';
import { openChoices, type ServerChoice } from './open-servers.ts';
import { readMigrations } from './read-migrations.ts';
import type { ReadPool } from './read-pool.ts';
import { readError, refusal } from './store-error.ts';

export type StorePhase = 'starting' | 'ready' | 'unavailable' | 'refused';

export interface StoreStatus {
  readonly phase: StorePhase;
  /** Why it is not ready: a sentence; empty when ready. */
  readonly reason: string;
  readonly version: string | null;
  /** Which ClickHouse: for people, without a secret. */
  readonly where: string;
}

export interface ConnectionOptions extends RetentionOptions {
  readonly source: EndpointSource;
  readonly queriesMax: number;
  readonly log: Log;
  /**
   * Runs each time ClickHouse answers again, after the migrations and before `ready`. StartRefused or
   * Failure('storeRefused') makes the status `refused` with that sentence; it is tried again every few seconds.
   */
  readonly verify?: (server: AskedServer) => Promise<void>;
  /**
   * Whether the schema may be changed from here: of several gateways only one may. Another one waits until the schema
   * is as it needs it. Always, if it is left out.
   */
  readonly mayMigrate?: () => boolean;
  /** Runs every 10 s while ready; may refuse as `verify`. */
  readonly heartbeat?: (server: AskedServer) => Promise<void>;
}

/** The server that is asked. */
export interface AskedServer {
  readonly client: ClickHouseClient;
  /** For people; without a secret. */
  readonly url: string;
  readonly layout: FoundLayout;
}

export interface Clients {
  readonly client: ClickHouseClient;
  /** For reads alone. */
  readonly reads: ReadPool;
  readonly layout: FoundLayout;
}

const askMs = 250;
const askAgainMs = 1000;
const refusedMs = 5000;
const watchMs = 2000;
const heartbeatMs = 10_000;
const answerMs = 10_000;
export class StoreConnection {
  readonly status$: BehaviorSubject<StoreStatus>;
  readonly #options: ConnectionOptions;
  readonly #log: Log;
  readonly #moves: Subscription;
  #clients: Clients | null = null;
  #session: { readonly over: AbortController; readonly ended: Promise<void> } | null = null;
  #wake: () => void = () => undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#log = options.log;
    // Refuses a retention that cannot be before anything starts.
    readMigrations(options);
    const { where } = options.source;
    this.status$ = new BehaviorSubject<StoreStatus>({
      phase: 'starting',
      reason: 'ClickHouse has not answered yet.',
      version: null,
      where,
    });
    this.#moves = options.source.endpoint$.subscribe((state) => {
      this.#session?.over.abort();
      if (state.endpoint === null) this.#down(state.reason);
      else this.#begin([state.endpoint, ...(state.others ?? [])]);
    });
  }

  /** Those of a ready store; throws storeUnavailable or storeRefused with the reason. */
  clients(): Clients {
    const { phase, reason } = this.status$.value;
    if (phase === 'ready' && this.#clients !== null) return this.#clients;
    throw new Failure(phase === 'refused' ? 'storeRefused' : 'storeUnavailable', reason);
  }

  /** A statement found ClickHouse unreachable: look now. */
  suspect(reason: string): void {
    if (this.status$.value.phase !== 'ready') return;
    this.#log.debug({ reason }, 'checking whether ClickHouse answers');
    this.#wake();
  }

  whenReady(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      let watch: Subscription | undefined;
      const leave = () => {
        watch?.unsubscribe();
        signal?.removeEventListener('abort', aborted);
      };
      const aborted = () => {
        leave();
        reject(signal?.reason);
      };
      if (signal?.aborted) return aborted();
      signal?.addEventListener('abort', aborted, { once: true });
      watch = this.status$.subscribe({
        next: ({ phase }) => {
          if (phase !== 'ready') return;
          queueMicrotask(leave);
          resolve();
        },
        complete: () => {
          queueMicrotask(leave);
          reject(new Failure('shuttingDown', 'Sluice is stopping.'));
        },
      });
    });
  }

  async close(): Promise<void> {
    this.#moves.unsubscribe();
    this.#session?.over.abort();
    await this.#session?.ended;
    this.status$.next({ ...this.status$.value, phase: 'unavailable', reason: 'Sluice is stopping.' });
    this.status$.complete();
  }

  #begin(endpoints: readonly Endpoint[]): void {
    const over = new AbortController();
    this.#session = { over, ended: this.#run(endpoints, over.signal) };
  }

  /** Of several servers each is asked in its turn, for as long as it serves. */
  async #run(endpoints: readonly Endpoint[], over: AbortSignal): Promise<void> {
    const choices = openChoices(endpoints, this.#options, this.#options.queriesMax);
    const close = () => Promise.all(choices.map((choice) => choice.close()));
    over.addEventListener('abort', () => void close(), { once: true });
    try {
      let waitMs = askMs;
      for (let turn = 0; !over.aborted; turn += 1) {
        const choice = choices[turn % choices.length];
        if (choice === undefined) return;
        const served = await this.#serve(choice, over);
        if (over.aborted) return;
        if (served.hasServed && choices.length > 1) {
          this.#log.warn({ left: choice.servers.urls[0] }, 'asking the next server of CLICKHOUSE_URL');
        }
        waitMs = served.hasServed ? askMs : waitMs;
        await this.#pause(served.isRefused ? refusedMs : waitMs, over);
        waitMs = Math.min(askAgainMs, waitMs * 2);
      }
    } finally {
      if (choices.some(({ servers }) => servers.client === this.#clients?.client)) this.#clients = null;
      await close();
    }
  }

  /** Resolves when the server does not serve, or no more. */
  async #serve(choice: ServerChoice, over: AbortSignal): Promise<{ hasServed: boolean; isRefused: boolean }> {
    let hasServed = false;
    try {
      await this.#prepare(choice, over);
      hasServed = true;
      return await this.#watch(choice, over);
    } catch (error) {
      if (over.aborted) return { hasServed, isRefused: false };
      const sentence = refusal(error);
      if (sentence === null) this.#down(readError(error).message, error);
      else this.#set({ phase: 'refused', reason: sentence });
      return { hasServed, isRefused: sentence !== null };
    }
  }

  async #prepare({ servers, endpoints, reads }: ServerChoice, over: AbortSignal): Promise<void> {
    const { client, urls } = servers;
    const [version] = await askEach(servers, async (server, at) => {
      const endpoint = endpoints[at];
      if (endpoint !== undefined) await ensureDatabase(server, endpoint, this.#options, over);
      return await checkVersion(server, over);
    });
    await checkShards(servers, this.#options);
    await probeCluster(servers, this.#options, over);
    if (this.#options.mayMigrate?.() === false) await checkMigrated(client, this.#options);
    else await migrate(servers, this.#options, this.#log);
    const layout = await findLayout(client, endpoints[0]?.database ?? '', this.#options);
    await this.#options.verify?.({ client, url: urls[0] ?? '', layout });
    over.throwIfAborted();
    this.#clients = { client, reads, layout };
    this.#set({ phase: 'ready', reason: '', ...(version !== undefined && { version }) });
  }

  /** Returns never: throws when ClickHouse stops answering, refuses, or the session is over. */
  async #watch({ servers }: ServerChoice, over: AbortSignal): Promise<never> {
    const { client, urls } = servers;
    const layout = this.#clients?.layout;
    let beatAt = Date.now() + heartbeatMs;
    for (;;) {
      await this.#pause(watchMs, over);
      over.throwIfAborted();
      const answer = await client.ping({ select: true, abort_signal: AbortSignal.timeout(answerMs) });
      if (!answer.success) throw answer.error;
      await probeCluster(servers, this.#options, AbortSignal.timeout(answerMs));
      if (Date.now() < beatAt || layout === undefined) continue;
      beatAt = Date.now() + heartbeatMs;
      await this.#options.heartbeat?.({ client, url: urls[0] ?? '', layout });
    }
  }

  #pause(ms: number, over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        over.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      over.addEventListener('abort', done, { once: true });
      this.#wake = done;
    });
  }

  /** Before it has ever answered it is `starting`, later `unavailable`. */
  #down(reason: string, error?: unknown): void {
    const { phase } = this.status$.value;
    if (phase === 'ready' && error !== undefined) this.#log.warn({ err: error }, 'ClickHouse stopped answering');
    this.#set({ phase: phase === 'starting' ? 'starting' : 'unavailable', reason });
  }

  #set(change: Pick<StoreStatus, 'phase' | 'reason'> & { readonly version?: string }): void {
    const last = this.status$.value;
    if (change.phase !== 'ready') this.#clients = null;
    if (last.phase === change.phase && last.reason === change.reason) return;
    const status = { ...last, ...change };
    const say = change.phase === 'refused' ? 'error' : 'info';
    this.#log[say]({ reason: status.reason, version: status.version, where: status.where }, `store: ${status.phase}`);
    this.status$.next(status);
  }
}
