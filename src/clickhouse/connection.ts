/**
 * Keeps the store's status true (I9): asks until ClickHouse answers, checks its version, migrates, lets the owner
 * verify, and only then says `ready`; watches it, and begins anew when it stops answering or the endpoint moves.
 */
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { BehaviorSubject, type Subscription } from 'rxjs';
import { Failure } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { checkVersion } from './check-version.ts';
import type { Endpoint, EndpointSource } from './endpoint.ts';
import { ensureDatabase, migrate } from './migrate.ts';
import { type MigrationValues, readMigrations } from './read-migrations.ts';
import { openReadPool, type ReadPool } from './read-pool.ts';
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

export interface ConnectionOptions extends MigrationValues {
  readonly source: EndpointSource;
  readonly queriesMax: number;
  readonly log: Log;
  /**
   * Runs each time ClickHouse answers again, after the migrations and before `ready`. StartRefused or
   * Failure('storeRefused') makes the status `refused` with that sentence; it is tried again every few seconds.
   */
  readonly verify?: (client: ClickHouseClient) => Promise<void>;
  /** Runs every 10 s while ready; may refuse as `verify`. */
  readonly heartbeat?: (client: ClickHouseClient) => Promise<void>;
}

export interface Clients {
  readonly client: ClickHouseClient;
  /** For reads alone. */
  readonly reads: ReadPool;
}

const askMs = 250;
const askAgainMs = 1000;
const refusedMs = 5000;
const watchMs = 2000;
const heartbeatMs = 10_000;
const answerMs = 10_000;
/** Sockets besides those of commands: an insert, a check, a heartbeat, a migration. */
const otherSockets = 4;
const idleSocketMs = 2000;
/** A socket that is silent for so long is given up; statements have shorter deadlines of their own. */
const silenceMs = 150_000;

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
      else this.#begin(state.endpoint);
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

  #begin(endpoint: Endpoint): void {
    const over = new AbortController();
    this.#session = { over, ended: this.#run(endpoint, over.signal) };
  }

  async #run(endpoint: Endpoint, over: AbortSignal): Promise<void> {
    const client = this.#connect(endpoint);
    const reads = openReadPool(endpoint, idleSocketMs);
    // Breaks off what is under way, be it to a host that never answers.
    over.addEventListener('abort', () => void Promise.all([client.close(), reads.close()]), { once: true });
    try {
      for (let waitMs = askMs; !over.aborted; waitMs = Math.min(askAgainMs, waitMs * 2)) {
        try {
          await this.#prepare({ client, reads }, endpoint, over);
          waitMs = askMs;
          await this.#watch(client, over);
        } catch (error) {
          if (over.aborted) break;
          const sentence = refusal(error);
          if (sentence === null) this.#down(readError(error).message, error);
          else this.#set({ phase: 'refused', reason: sentence });
          await this.#pause(sentence === null ? waitMs : refusedMs, over);
        }
      }
    } finally {
      if (this.#clients?.client === client) this.#clients = null;
      await Promise.all([client.close(), reads.close()]);
    }
  }

  #connect({ url, pathname, username, password, database }: Endpoint): ClickHouseClient {
    return createClient({
      url,
      pathname,
      username,
      password,
      database,
      application: 'sluice',
      request_timeout: silenceMs,
      max_open_connections: this.#options.queriesMax + otherSockets,
      keep_alive: { idle_socket_ttl: idleSocketMs, eagerly_destroy_stale_sockets: true },
      use_multipart_params_auto: true,
      log: { level: ClickHouseLogLevel.OFF },
    });
  }

  async #prepare(clients: Clients, endpoint: Endpoint, over: AbortSignal): Promise<void> {
    const { client } = clients;
    await ensureDatabase(client, endpoint, over);
    const version = await checkVersion(client, over);
    await migrate(client, this.#options, this.#log);
    await this.#options.verify?.(client);
    over.throwIfAborted();
    this.#clients = clients;
    this.#set({ phase: 'ready', reason: '', version });
  }

  /** Returns never: throws when ClickHouse stops answering, refuses, or the session is over. */
  async #watch(client: ClickHouseClient, over: AbortSignal): Promise<never> {
    let beatAt = Date.now() + heartbeatMs;
    for (;;) {
      await this.#pause(watchMs, over);
      over.throwIfAborted();
      const answer = await client.ping({ select: true, abort_signal: AbortSignal.timeout(answerMs) });
      if (!answer.success) throw answer.error;
      if (Date.now() < beatAt) continue;
      beatAt = Date.now() + heartbeatMs;
      await this.#options.heartbeat?.(client);
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
