/**
 * The edge before fake parts, and clients for it: real sockets, no journal, no store.
 */
import { type IncomingHttpHeaders, request } from 'node:http';
import { Subject } from 'rxjs';
import { afterEach } from 'vitest';
import { noReplay } from '../schemas/dead-letter-replay.ts';
import { createAllowances } from '../src/access/allowances.ts';
import { noAudit } from '../src/access/audit.ts';
import { createCredentials } from '../src/access/credentials.ts';
import { noLimits } from '../src/access/identity.ts';
import { createLog } from '../src/base/log.ts';
import type { FeedListener, FeedRequest, SubscriberSocket } from '../src/feed/ports.ts';
import type { Admit, BatchOutcome, MessageOutcome } from '../src/ingest/intake.ts';
import type { Loss } from '../src/ingest/losses.ts';
import type { CountsSocket, WatchRequest } from '../src/live-counts/ports.ts';
import { noConsole } from '../src/server/console.ts';
import { createServerCounters, type ServerCounters } from '../src/server/counters.ts';
import type { Queries, Readiness, ServerOptions, ServerParts } from '../src/server/parts.ts';
import { type RunningServer, startServer } from '../src/server/start-server.ts';
import { Topics } from '../src/server/topics.ts';
import { targetAt } from './target.ts';
import { connect, connectSigned, type WireClient } from './wire-client.ts';

export interface OpenedFeed {
  readonly request: FeedRequest;
  readonly socket: SubscriberSocket;
  readonly listener: FeedListener;
  drained: number;
  beats: number;
  isStopped: boolean;
}

export interface OpenedCounts {
  readonly request: WatchRequest;
  readonly socket: CountsSocket;
  readonly listener: FeedListener;
  isStopped: boolean;
}

export interface FakeServer {
  readonly running: RunningServer;
  readonly topics: Topics;
  readonly counters: ServerCounters;
  readonly feeds: OpenedFeed[];
  readonly watched: OpenedCounts[];
  /** Texts given to intake, and seqs whose durability was asked for. */
  readonly messages: string[];
  readonly settled: number[];
  readonly fakes: Fakes;
}

/** What a test may change at any time. */
export interface Fakes {
  readonly lost$: Subject<Loss>;
  acceptBatch: (body: Buffer, isJson: boolean, admit?: Admit | null, isFromPrefect?: boolean) => BatchOutcome;
  acceptMessage: (text: string, isBinary: boolean) => MessageOutcome;
  ensureDurable: (seq: number) => void;
  whenDurable: (seq: number) => Promise<void>;
  openFeed: ((opened: OpenedFeed) => void) | null;
  watchCounts: ((opened: OpenedCounts) => void) | null;
  queries: Queries;
  readiness: Readiness;
  /** The clock of rates. */
  elapsedMs: () => number;
}

const defaults: ServerOptions = {
  host: '127.0.0.1',
  port: 0,
  publicUrl: null,
  corsOrigins: null,
  trustedProxies: '127.0.0.0/8, ::1',
  headBytesMax: 64 * 1024,
  headsBytesMax: 64 * 1024 * 1024,
  bodyBytesMax: 1024 * 1024,
  bodiesBytesMax: 4 * 1024 * 1024,
  bodyMs: 5000,
  answersBytesMax: 8 * 1024 * 1024,
  frameBytesMax: 1024 * 1024,
  framesBytesMax: 256 * 1024 * 1024,
  authenticatingMax: 100,
  authenticateMs: 5000,
  filterMs: 5000,
  pingMs: 5000,
  stallMs: 60_000,
  socketsMax: 1000,
  backfillMaxMs: 15 * 60 * 1000,
  historyMaxMs: 24 * 60 * 60 * 1000,
  prefectVersion: '3.7.1',
};

async function* nothing(): AsyncGenerator<never> {}

export const now = new Date('2026-11-22T12:00:00.000Z');

export type FakeOptions = Partial<
  ServerOptions & Pick<ServerParts, 'connectionsMax' | 'descriptorsLeft' | 'credentials' | 'console' | 'audit'>
> & { readonly authString?: string };

export async function startFakeServer(options: FakeOptions = {}): Promise<FakeServer> {
  const counters = createServerCounters();
  const feeds: OpenedFeed[] = [];
  const watched: OpenedCounts[] = [];
  const messages: string[] = [];
  const settled: number[] = [];
  const fakes: Fakes = {
    acceptBatch: () => ({ ok: true, durable: Promise.resolve() }),
    acceptMessage: () => ({ kind: 'accepted', ticket: messages.length }),
    ensureDurable: () => {},
    whenDurable: async () => undefined,
    openFeed: null,
    watchCounts: null,
    queries: {
      readFirstPage: async () => ({ events: [], total: 0, token: null }),
      readNextPage: async () => ({ events: [], total: 0, token: null }),
      countEvents: () => ({ ok: true, counts: nothing() }),
      exportEvents: async () => ({ token: 'of the export', lines: nothing() }),
    },
    lost$: new Subject<Loss>(),
    readiness: { ok: true, reason: '', verbose: () => ({ lag: 7 }) },
    elapsedMs: () => performance.now(),
  };
  const {
    connectionsMax = 10_000,
    descriptorsLeft = () => Number.POSITIVE_INFINITY,
    authString = null,
    console: files = noConsole,
    audit = noAudit,
    ...more
  } = options;
  const { credentials = createCredentials({ authString, book: null, jwt: null }), ...given } = more;
  const parts: ServerParts = {
    topics: new Topics(),
    options: { ...defaults, ...given },
    credentials,
    audit,
    allowances: createAllowances(noLimits, () => fakes.elapsedMs()),
    connectionsMax,
    descriptorsLeft,
    intake: {
      acceptBatch: (body, isJson, admit, _label, isFromPrefect) =>
        fakes.acceptBatch(body, isJson, admit, isFromPrefect),
      acceptInSlices: async (body, isJson, admit) => fakes.acceptBatch(body, isJson, admit),
      acceptMessage: (bytes, isBinary) => {
        messages.push(bytes.toString());
        return fakes.acceptMessage(bytes.toString(), isBinary);
      },
      lost$: fakes.lost$,
      ensureDurable: (seq) => {
        settled.push(seq);
        fakes.ensureDurable(seq);
      },
      whenDurable: (ticket) => fakes.whenDurable(ticket),
    },
    openFeed: (asked, socket, listener) => {
      const opened: OpenedFeed = { request: asked, socket, listener, drained: 0, beats: 0, isStopped: false };
      feeds.push(opened);
      fakes.openFeed?.(opened);
      return {
        position: 5,
        drained: () => {
          opened.drained += 1;
        },
        heartbeat: () => {
          opened.beats += 1;
        },
        stop: () => {
          opened.isStopped = true;
        },
      };
    },
    watchCounts: (asked, socket, listener) => {
      const opened: OpenedCounts = { request: asked, socket, listener, isStopped: false };
      watched.push(opened);
      fakes.watchCounts?.(opened);
      return {
        position: null,
        drained: () => undefined,
        heartbeat: () => undefined,
        stop: () => {
          opened.isStopped = true;
        },
      };
    },
    queries: {
      readFirstPage: (...given) => fakes.queries.readFirstPage(...given),
      readNextPage: (...given) => fakes.queries.readNextPage(...given),
      countEvents: (...given) => fakes.queries.countEvents(...given),
      exportEvents: (...given) => fakes.queries.exportEvents(...given),
    },
    console: files,
    ready: () => fakes.readiness,
    status: () => ({ head: 7 }),
    deadLetter: async () => ({ events: [], more: false }),
    eventsAbove: (seq) => Math.max(0, 7 - seq),
    replays: { newest: noReplay, begin: () => ({ ...noReplay, state: 'running' }) },
    metrics: () => '# HELP sluice_up One.\n# TYPE sluice_up gauge\nsluice_up 1\n',
    log: createLog('silent'),
    counters,
    now: () => now,
  };
  return {
    running: await startServer(parts),
    topics: parts.topics,
    counters,
    feeds,
    watched,
    messages,
    settled,
    fakes,
  };
}

/** For a file whose tests start a server each: the last one, closed behind its test. `start` gives its port. */
export function serverOfEachTest(): {
  readonly server: FakeServer;
  readonly start: (options?: FakeOptions) => Promise<number>;
} {
  let server: FakeServer;
  afterEach(() => server.running.close(0));
  return {
    get server() {
      return server;
    },
    async start(options) {
      server = await startFakeServer(options);
      return server.running.port;
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
}

/** One request on a connection of its own. */
export function ask(
  port: number,
  method: string,
  path: string,
  { body, headers = {} }: { body?: string | Buffer; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString() });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A client of the server on this port; `status` stands in what it rejects with where the handshake is refused. */
export function openSocket(port: number, path: string, protocols: string[] = ['prefect']): Promise<WireClient> {
  return connect(targetAt(port), path, { protocols });
}

/** Waits until a fact holds; so long only on a machine that has much else to do. */
export async function until(fact: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!fact()) {
    if (Date.now() > deadline) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A socket that has authenticated, and has no message yet. */
export async function openAuthenticated(
  port: number,
  path: string,
  rejects?: boolean,
  acks?: boolean,
): Promise<WireClient> {
  const client = await connectSigned(targetAt(port), path, rejects, acks);
  client.forget();
  return client;
}
