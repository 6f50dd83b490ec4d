/**
 * Producers that remember what was acknowledged (a pong, a 204) and send again what was not, first and unchanged,
 * whenever Sluice is back: what a careful client does. An event is known by its key, a number in its payload and its
 * id.
 */
import { request } from 'node:http';
import { targetAt } from '../target.ts';
import { connectSigned } from '../wire-client.ts';

export interface LoadOptions {
  /** Or which one it is, asked anew for each connection and each body. */
  readonly port: number | (() => number);
  /** Events a second of each producer. */
  readonly rate: number;
  /** Of a message of HTTP, and between two pings. */
  readonly batch: number;
  /** Some events occurred an hour ago, some will in minutes, and some that were acknowledged are sent again. */
  readonly isOdd?: boolean;
}

/** One `/in` socket or one HTTP client. */
export interface Producer {
  readonly name: string;
  readonly acknowledged: ReadonlySet<number>;
  /** Keys of all that was ever sent. */
  readonly sent: number;
  /** Sent again though they were acknowledged. */
  readonly resent: number;
  /** Connections that broke, and answers that were no 204. */
  readonly troubles: number;
  /** The next new event is one that ClickHouse refuses. */
  poison(): void;
  /** Makes no new events; resolves when all are acknowledged. */
  finish(): Promise<void>;
  end(): void;
}

interface Pending {
  readonly key: number;
  readonly text: string;
}

export const poisonWord = 'crash-poison';
const keysOfProducer = 10_000_000;
const retryMs = 20;
const answerMs = 10_000;
/** One of so many events is old, one lies ahead, and one is followed by a resend of an earlier one. */
const oddEvery = 25;
const oldMs = 3_600_000;
const aheadMs = 150_000;
/** Resends come from so many newest acknowledged events: seconds after the id window has let go of most. */
const resendFrom = 10_000;

export function keyOf(text: string): number {
  return Number(/"key":(\d+)/.exec(text)?.[1]);
}

export function idOf(key: number): string {
  return `c7a50000-0000-4000-8000-${String(key).padStart(12, '0')}`;
}

export function startProducer(kind: 'ws' | 'http', nth: number, options: LoadOptions): Producer {
  const outbox = new Outbox(nth, options.rate, options.isOdd ?? false);
  const state = { isEnded: false, troubles: 0 };
  const send = kind === 'ws' ? overSocket : overHttp;
  const running = (async () => {
    while (!state.isEnded) {
      await send(options, outbox, state).catch(() => undefined);
      state.troubles += 1;
      if (!state.isEnded) await pause(retryMs);
    }
  })();
  return {
    name: `${kind} ${nth}`,
    acknowledged: outbox.acknowledged,
    get sent() {
      return outbox.made;
    },
    get resent() {
      return outbox.resent;
    },
    get troubles() {
      return state.troubles;
    },
    poison: () => outbox.poison(),
    async finish() {
      outbox.stopMaking();
      while (outbox.acknowledged.size < outbox.made) await pause(retryMs);
    },
    end() {
      state.isEnded = true;
      void running;
    },
  };
}

/**
 * What was made and not acknowledged, oldest first; new events come at the rate, but never more than a second's behind.
 */
class Outbox {
  readonly acknowledged = new Set<number>();
  readonly #first: number;
  readonly #rate: number;
  readonly #waiting = new Map<number, Pending>();
  #started = performance.now();
  #budgetMade = 0;
  #made = 0;
  #poisons = 0;
  #isMaking = true;
  readonly #isOdd: boolean;
  /** Acknowledged ones, the oldest first, up to `resendFrom`. */
  readonly #done: Pending[] = [];
  #resent = 0;

  constructor(nth: number, rate: number, isOdd: boolean) {
    this.#first = nth * keysOfProducer;
    this.#rate = rate;
    this.#isOdd = isOdd;
  }

  get resent(): number {
    return this.#resent;
  }

  get made(): number {
    return this.#made;
  }

  poison(): void {
    this.#poisons += 1;
  }

  stopMaking(): void {
    this.#isMaking = false;
  }

  unacknowledged(): Pending[] {
    return [...this.#waiting.values()];
  }

  acknowledge(events: readonly Pending[]): void {
    for (const event of events) {
      if (!this.#waiting.delete(event.key)) continue;
      this.acknowledged.add(event.key);
      if (this.#isOdd && !event.text.includes(poisonWord)) this.#done.push(event);
    }
    if (this.#done.length > 2 * resendFrom) this.#done.splice(0, resendFrom);
  }

  /** New events that are due now, at most so many. */
  take(max: number): Pending[] {
    if (!this.#isMaking) return [];
    const now = performance.now();
    let due = Math.floor(((now - this.#started) / 1000) * this.#rate) - this.#budgetMade;
    if (due > this.#rate) {
      this.#started = now - 1000;
      this.#budgetMade = 0;
      due = this.#rate;
    }
    const events = Array.from({ length: Math.max(0, Math.min(due, max)) }, () => this.#make());
    this.#budgetMade += events.length;
    return this.#isOdd ? events.flatMap((event) => [event, ...this.#resendBehind(event)]) : events;
  }

  /** Of all ages, the same for the same keys. */
  #resendBehind({ key }: Pending): Pending[] {
    const again = key % oddEvery === 0 ? this.#done[(key * 7919) % Math.max(1, this.#done.length)] : undefined;
    if (again === undefined) return [];
    this.#resent += 1;
    return [again];
  }

  #occurred(key: number): string {
    const odd = this.#isOdd ? key % oddEvery : 0;
    return new Date(Date.now() + (odd === 3 ? -oldMs : odd === 7 ? aheadMs : 0)).toISOString();
  }

  #make(): Pending {
    const key = this.#first + this.#made;
    this.#made += 1;
    const isPoison = this.#poisons > 0;
    if (isPoison) this.#poisons -= 1;
    const event = {
      occurred: this.#occurred(key),
      event: `crash.${key % 5}`,
      resource: { 'prefect.resource.id': `crash.${key % 50}`, kind: 'crash' },
      payload: { key, filling: 'x'.repeat(key % 200), ...(isPoison && { word: poisonWord }) },
      id: idOf(key),
    };
    const pending = { key, text: JSON.stringify(event) };
    this.#waiting.set(key, pending);
    return pending;
  }
}

interface State {
  readonly isEnded: boolean;
}

/** One connection, until it ends; a pong acknowledges what was sent before its ping. */
async function overSocket({ port, batch }: LoadOptions, outbox: Outbox, state: State): Promise<void> {
  const socket = await connectSigned(targetAt(portOf(port)), '/api/events/in');
  const pings: Pending[][] = [];
  const sendAll = (events: readonly Pending[]): void => {
    for (let at = 0; at < events.length; at += batch) {
      const part = events.slice(at, at + batch);
      for (const { text } of part) socket.send(text);
      pings.push(part);
      socket.sendPing();
    }
  };
  socket.onPong = () => outbox.acknowledge(pings.shift() ?? []);
  sendAll(outbox.unacknowledged());
  const timer = setInterval(() => {
    if (state.isEnded) socket.drop();
    else if (pings.length < 4) sendAll(outbox.take(batch));
  }, 5);
  await socket.closed;
  clearInterval(timer);
}

/** Batches one after the other, until one is not answered by 204. */
async function overHttp({ port, batch }: LoadOptions, outbox: Outbox, state: State): Promise<void> {
  let again = outbox.unacknowledged();
  while (!state.isEnded) {
    const events = again.length > 0 ? again.slice(0, batch) : outbox.take(batch);
    if (events.length === 0) {
      await pause(5);
      continue;
    }
    if ((await post(portOf(port), `[${events.map(({ text }) => text).join(',')}]`)) !== 204) return;
    outbox.acknowledge(events);
    again = again.slice(batch);
  }
}

function portOf(port: LoadOptions['port']): number {
  return typeof port === 'number' ? port : port();
}

function post(port: number, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = request({ port, host: '127.0.0.1', path: '/api/events', method: 'POST', headers });
    outgoing.setTimeout(answerMs, () => outgoing.destroy(new Error('no answer')));
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      incoming.resume();
      incoming.once('error', reject);
      incoming.once('end', () => resolve(incoming.statusCode ?? 0));
    });
    outgoing.end(body);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
