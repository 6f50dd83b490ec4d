/**
 * A fault-injecting peer: an HTTP server with the three routes of Prefect that the forwarder asks, which loses, delays,
 * cuts off and refuses as it is told. As Prefect does, it answers when it has events in memory, writes them down a
 * moment later, and loses what it has not written down when it is killed. It is no Prefect: the acceptance runs have
 * the real one.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { listenHere } from '../free-port.ts';

/** What becomes of one request with events. */
export type Fault =
  /** Taken, and answered. */
  | 'none'
  /** Not taken: the connection ends. */
  | 'lost'
  /** Taken, and the connection ends without an answer. */
  | 'unanswered'
  /** Taken, and the answer comes too late. */
  | 'late'
  /** Taken, and answered by an error. */
  | 'error taken'
  /** Not taken, and answered by an error. */
  | 'error'
  /** Lost, though its ids are noted as taken, and the connection ends without an answer. */
  | 'forgotten'
  /** Answered with 401. */
  | 'unauthorized'
  /** It is killed with what it has in memory, and comes back. */
  | 'killed';

export interface FaultyPrefect {
  readonly url: string;
  /** Ids that are written down, in the order in which they were first taken. */
  readonly stored: readonly string[];
  /** Texts by id, as taken. */
  readonly texts: ReadonlyMap<string, string>;
  /** Ids that were taken though they were written down already: this harms a Prefect. */
  readonly repeats: readonly string[];
  /** What was asked for by id, and how often it was killed. */
  readonly counts: { asked: number; kills: number };
  /** Called for each request with events. */
  faultOf: () => Fault;
  /** Ids that are refused for their content. */
  readonly refuses: Set<string>;
  close(): Promise<void>;
}

export interface FaultyPrefectOptions {
  /** How long it takes to write down what it has taken. */
  readonly flushMs: number;
  /** How late a late answer is. */
  readonly lateMs: number;
  /** False: it shows nothing, for its event persister is off. */
  readonly shows?: boolean;
  /** So long it takes a noted id for a repeat and drops it, though it has lost the event, as Prefect over Redis. */
  readonly knowsRepeatsMs?: number;
}

interface Taken {
  readonly text: string;
  readonly atMs: number;
}

export async function startFaultyPrefect(options: FaultyPrefectOptions): Promise<FaultyPrefect> {
  const peer = new Peer(options);
  await peer.listen();
  return peer;
}

/** It stays away until so many have found it away. */
const turnedAwayMin = 2;

class Peer implements FaultyPrefect {
  readonly repeats: string[] = [];
  readonly counts = { asked: 0, kills: 0 };
  readonly refuses = new Set<string>();
  faultOf: () => Fault = () => 'none';
  readonly #options: FaultyPrefectOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #stored = new Map<string, string>();
  readonly #memory = new Map<string, Taken>();
  /** When an id was taken. */
  readonly #takenAtMs = new Map<string, number>();
  #turnedAway = turnedAwayMin;
  #port = 0;

  constructor(options: FaultyPrefectOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  async listen(): Promise<void> {
    this.#port = await listenHere(this.#server);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }
  get stored(): readonly string[] {
    this.#writeDown();
    return [...this.#stored.keys()];
  }
  get texts(): ReadonlyMap<string, string> {
    this.#writeDown();
    return this.#stored;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // a request without an encoding gives buffers
    if (this.#turnedAway < turnedAwayMin) {
      this.#turnedAway += 1;
      request.socket.destroy();
      return;
    }
    const body = Buffer.concat(chunks).toString();
    if (request.url === '/api/health') response.end('true');
    else if (request.url === '/api/events/filter') this.#show(body, response);
    else if (request.url === '/api/events' && request.method === 'POST') this.#take(body, request, response);
    else response.writeHead(404).end();
  }

  #show(body: string, response: ServerResponse): void {
    const { filter, limit } = JSON.parse(body) as { filter: { id: { id: string[] } }; limit: number };
    if (limit > 50 || filter.id.id.length > 50) {
      response.writeHead(422).end();
      return;
    }
    this.counts.asked += filter.id.id.length;
    const found = this.#options.shows === false ? [] : filter.id.id.filter((id) => this.texts.has(id));
    response.end(JSON.stringify({ events: found.map((id) => ({ id })), total: found.length, next_page: null }));
  }

  #take(body: string, request: IncomingMessage, response: ServerResponse): void {
    const fault = this.faultOf();
    if (fault === 'killed') {
      this.counts.kills += 1;
      this.#writeDown();
      this.#memory.clear();
      this.#turnedAway = 0;
      for (const socket of this.#sockets) socket.destroy();
      return;
    }
    if (fault === 'forgotten') {
      const atMs = performance.now();
      for (const { id } of JSON.parse(body) as { id: string }[]) this.#takenAtMs.set(id, atMs);
    }
    if (fault === 'lost' || fault === 'forgotten') request.socket.destroy();
    else if (fault === 'error') response.writeHead(500).end();
    else if (fault === 'unauthorized') response.writeHead(401).end();
    else if (!this.#keep(body)) response.writeHead(422).end('{"detail":"an event is refused"}');
    else if (fault === 'unanswered') request.socket.destroy();
    else if (fault === 'late') setTimeout(() => response.writeHead(204).end(), this.#options.lateMs).unref();
    else response.writeHead(fault === 'error taken' ? 500 : 204).end();
  }

  /** All or none of them. */
  #keep(body: string): boolean {
    const events = JSON.parse(body) as { id: string }[];
    if (events.length > 100 || events.some(({ id }) => this.refuses.has(id))) return false;
    const texts = splitTexts(body);
    this.#writeDown();
    const atMs = performance.now();
    for (const [nth, { id }] of events.entries()) {
      if (this.#isKnownRepeat(id, atMs)) continue;
      if (this.#stored.has(id)) this.repeats.push(id);
      else if (!this.#memory.has(id)) this.#memory.set(id, { text: texts[nth] ?? '', atMs });
      this.#takenAtMs.set(id, atMs);
    }
    return true;
  }

  #isKnownRepeat(id: string, nowMs: number): boolean {
    const takenAtMs = this.#takenAtMs.get(id) ?? Number.NEGATIVE_INFINITY;
    return nowMs - takenAtMs < (this.#options.knowsRepeatsMs ?? 0);
  }

  #writeDown(): void {
    for (const [id, { text, atMs }] of this.#memory) {
      if (performance.now() - atMs < this.#options.flushMs) continue;
      this.#memory.delete(id);
      this.#stored.set(id, text);
    }
  }
}

/** The texts of a list of events, whose payloads hold neither of these three in a row. */
function splitTexts(body: string): string[] {
  return body.slice(1, -1).replaceAll('},{"occurred"', '}\n{"occurred"').split('\n');
}
