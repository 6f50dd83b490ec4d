/**
 * I3 and I5 as laws over a model: for any interleaving of intake, insert, trim, subscribe, slow reading, leaving and resuming,
 * each subscriber gets each matching event exactly once, and history, log and live meet without gap.
 * Modelled: the log, the table and the sockets, in memory, with the real feed, fan-out, filter index and predicate over them.
 * Not modelled here: ClickHouse's own behaviour and the journal's files (tests of those rooms run on the real parts).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EventBody, timeKey } from '../../schemas/event.ts';
import type { Filter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { createFanOut } from '../../src/feed/fan-out.ts';
import { type Form, parseStreamId } from '../../src/feed/frames.ts';
import type { HistoryReader } from '../../src/feed/history.ts';
import { createOpenFeed } from '../../src/feed/open-feed.ts';
import { createPageBudget } from '../../src/feed/page-budget.ts';
import type { Feed, FeedRequest, SubscriberSocket } from '../../src/feed/ports.ts';
import { FilterIndex } from '../../src/filter/filter-index.ts';
import { compilePredicate, filterKey } from '../../src/filter/predicate.ts';
import { formatTimeForClickHouse } from '../../src/filter/time.ts';
import { defaultFilter } from '../../src/filter/validate-filter.ts';
import { openKeys } from '../../src/keys.ts';
import { createLog } from '../../src/log.ts';

const bufferBytesMax = 2_000;

type Step =
  | { kind: 'take'; names: number[] }
  | { kind: 'insert'; rows: number }
  | { kind: 'trim' }
  | { kind: 'subscribe'; name: number; window: number; form: Form }
  | { kind: 'resume'; subscriber: number; frames: number; window: number }
  | { kind: 'read'; subscriber: number; bytes: number }
  | { kind: 'leave'; subscriber: number }
  | { kind: 'turn' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      names: fc.array(fc.nat(2), { minLength: 1, maxLength: 12 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('insert' as const), rows: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'trim' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('subscribe' as const),
      name: fc.nat(3),
      window: fc.nat(2),
      form: fc.constantFrom<Form[]>('plain', 'positions', 'stream'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('resume' as const),
      subscriber: fc.nat(9),
      frames: fc.nat(40),
      window: fc.nat(2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('read' as const), subscriber: fc.nat(9), bytes: fc.nat(4_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), subscriber: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'turn' as const }) },
);

type Resume = NonNullable<FeedRequest['resume']>;

/** What a client knows after some frame: what it has seen, and how to go on from there. */
interface Frame {
  readonly seq: number | null;
  readonly resume: Resume | null;
}

class Socket implements SubscriberSocket {
  readonly frames: Frame[] = [];
  /** What this client saw on earlier connections. */
  readonly before: readonly number[];
  readonly form: Form;
  readonly topics: Map<string, Set<Socket>>;
  buffered = 0;
  feed: Feed | null = null;
  gone = false;

  constructor(topics: Map<string, Set<Socket>>, form: Form, before: readonly number[] = []) {
    this.topics = topics;
    this.form = form;
    this.before = before;
  }

  get seen(): number[] {
    return [...this.before, ...seqsOf(this.frames)];
  }
  send(frame: string | Uint8Array): void {
    const text = Buffer.from(frame).toString();
    this.frames.push(this.form === 'stream' ? readStream(text) : this.#read(text));
    this.buffered += frame.length;
  }
  #read(text: string): Frame {
    const { event, token, position } = JSON.parse(text) as ReadFrame; // the shape is what the test goes on to check
    const last = token ?? this.frames.at(-1)?.resume?.token;
    expect(position === undefined).toBe(this.form === 'plain');
    return {
      seq: event?.payload.seq ?? null,
      resume: last === undefined || position === undefined ? null : { token: last, position },
    };
  }
  cork(write: () => void): void {
    write();
  }
  bufferedBytes(): number {
    return this.buffered;
  }
  subscribe(topic: string): void {
    this.topics.set(topic, (this.topics.get(topic) ?? new Set()).add(this));
  }
  unsubscribe(topic: string): void {
    this.topics.get(topic)?.delete(this);
  }
  read(bytes: number): void {
    this.buffered = Math.max(0, this.buffered - bytes);
    this.feed?.drained();
  }
}

interface ReadFrame {
  readonly event?: { readonly payload: { readonly seq: number } };
  readonly token?: string;
  readonly position?: number | string;
}

function readStream(text: string): Frame {
  const [, id = ''] = /^id: (.*)$/m.exec(text) ?? [];
  const [, data = '{}'] = /^data: (.*)$/m.exec(text) ?? [];
  expect(text.endsWith('\n\n')).toBe(true);
  const body = JSON.parse(data) as ReadFrame['event'] & object; // or a control frame, which has no payload
  return { seq: text.startsWith('event: ') ? null : body.payload.seq, resume: parseStreamId(id) };
}

function seqsOf(frames: readonly Frame[]): number[] {
  return frames.map(({ seq }) => seq).filter((seq) => seq !== null);
}

const keys = openKeys('', 'a secret of enough characters');

/** `holdMs` 0 lets a page go as soon as its reader is slow. */
function world(holdMs: number) {
  const log: StoredEvent[] = [];
  const topics = new Map<string, Set<Socket>>();
  const live = { mark: 0 };
  const pages = createPageBudget(4_000_000);
  let checkpoint = 0;
  let oldest = 1;
  const counters = { delivered: 0, lagged: 0, repeats: 0 };
  const fanOut = createFanOut(
    new FilterIndex(),
    filterKey,
    (topic, frame) => {
      for (const socket of topics.get(topic) ?? []) socket.send(frame);
    },
    { bufferBytesMax, sweepBytes: 500 },
    counters,
  );
  // The table holds nothing above the checkpoint.
  const matching = (filter: Filter, from: number, upTo: number) =>
    log.filter(
      (event) =>
        event.seq > from &&
        event.seq <= Math.min(upTo, checkpoint) &&
        compilePredicate(filter)(event) &&
        inside(filter, event),
    );
  const history: HistoryReader = {
    async byOccurred(filter, { after, checkpoint: upTo }, from) {
      const order = ({ body }: StoredEvent): string => `${formatTimeForClickHouse(body.occurred)} ${body.id}`;
      const rows = matching(filter, after, upTo)
        .sort((a, b) => (order(a) < order(b) ? -1 : 1))
        .filter((event) => from === null || order(event) > `${from.occurred} ${from.id}`)
        .slice(0, 5);
      const last = rows.at(-1);
      await Promise.resolve();
      return {
        slices: rows.map(({ seq, raw, body }) =>
          Object.assign([{ seq, raw, ...placeOf(body) }], { last: placeOf(body) }),
        ),
        rows: rows.length,
        bytes: 1,
        next: last && rows.length === 5 ? placeOf(last.body) : null,
      };
    },
    retained: async () => ({ seq: 1, since: '2020-01-01 00:00:00.000000' }),
  };
  const open = createOpenFeed({
    journal: {
      epoch: 'e1',
      get checkpoint() {
        return checkpoint;
      },
      get oldest() {
        return oldest;
      },
      read(from, _bytesMax, upTo) {
        expect(from).toBeGreaterThanOrEqual(oldest);
        expect(upTo).toBeLessThanOrEqual(live.mark);
        const events = log.slice(from - 1, Math.min(upTo, from + 3));
        return { events, last: events.at(-1)!.seq };
      },
    },
    live,
    fanOut,
    history,
    store: { whenReady: async () => undefined },
    keys,
    pages,
    options: { bufferBytesMax, sliceBytesMax: 600, holdMs },
    counters,
    log: createLog('silent'),
  });
  return {
    log,
    topics,
    live,
    counters,
    pages,
    open,
    inside,
    flush(batch: StoredEvent[]) {
      log.push(...batch);
      live.mark = log.length;
      fanOut.flush(batch);
    },
    insert(rows: number) {
      checkpoint = Math.min(live.mark, checkpoint + rows);
    },
    trim() {
      oldest = checkpoint + 1;
    },
  };
}

function placeOf({ occurred, id }: EventBody) {
  return { occurred: formatTimeForClickHouse(occurred), id };
}

const since = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:30Z', '2026-01-01T00:01:00.5Z'];

function makeFilter(name: number, window: number): Filter {
  const base = defaultFilter({ now: new Date('2026-01-02T00:00:00Z'), openEnded: true });
  return {
    ...base,
    occurred: { since: since[window]!, until: window === 2 ? '2026-01-01T00:02:00Z' : null },
    event: { ...base.event, name: name === 3 ? [] : [`n${name}`] },
    order: 'ASC',
  };
}

function inside(filter: Filter, event: StoredEvent): boolean {
  const at = timeKey(event.body.occurred);
  return (
    at >= timeKey(filter.occurred.since) && (filter.occurred.until === null || at <= timeKey(filter.occurred.until))
  );
}

function makeEvent(seq: number, name: number): StoredEvent {
  // Every third event is late, so that history's order is not the log's.
  const second = seq % 3 === 0 ? (seq * 7) % 60 : seq % 60;
  const body = {
    occurred: `2026-01-01T00:0${seq % 3}:${String(second).padStart(2, '0')}Z`,
    event: `n${name}`,
    resource: { 'prefect.resource.id': `r.${seq % 4}` },
    related: [],
    payload: { seq },
    id: `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`,
    follows: null,
  };
  return { seq, raw: JSON.stringify(body), search: '', body };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an exact feed', () => {
  it('gives each subscriber each matching event exactly once, for any interleaving', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }),
        fc.constantFrom(0, 60_000),
        async (steps, holdMs) => {
          const model = world(holdMs);
          const subscribers: { socket: Socket; filter: Filter }[] = [];
          const subscribe = (socket: Socket, filter: Filter, resume: Resume | null, wanted: Filter): void => {
            socket.feed = model.open({ filter, backfill: true, form: socket.form, resume }, socket, {
              caughtUp: () => undefined,
              lagging: () => undefined,
              failed: (failure) => {
                throw failure;
              },
            });
            subscribers.push({ socket, filter: wanted });
          };
          for (const now of steps) {
            switch (now.kind) {
              case 'take':
                model.flush(now.names.map((name, at) => makeEvent(model.log.length + 1 + at, name)));
                break;
              case 'insert':
                model.insert(now.rows);
                break;
              case 'trim':
                model.trim();
                break;
              case 'subscribe': {
                const filter = makeFilter(now.name, now.window);
                subscribe(new Socket(model.topics, now.form), filter, null, filter);
                break;
              }
              case 'resume': {
                const { socket, filter } = subscribers[now.subscriber % subscribers.length] ?? {};
                // The connection may have ended before its last frames arrived, so any of them may be the last one seen.
                const frames = socket?.frames.slice(0, 1 + (now.frames % socket.frames.length)) ?? [];
                const resume = frames.at(-1)?.resume;
                if (!socket || !filter || !resume) break;
                socket.feed?.stop();
                socket.gone = true;
                const next = new Socket(model.topics, socket.form, [...socket.before, ...seqsOf(frames)]);
                // The window of the first connection holds, whatever this one would be cut to.
                subscribe(next, { ...filter, occurred: makeFilter(0, now.window).occurred }, resume, filter);
                break;
              }
              case 'read':
                subscribers[now.subscriber]?.socket.read(now.bytes);
                break;
              case 'leave': {
                const leaver = subscribers[now.subscriber]?.socket;
                leaver?.feed?.stop();
                if (leaver) leaver.gone = true;
                break;
              }
              case 'turn':
                await turn();
                break;
              default:
                now satisfies never;
            }
          }
          for (let round = 0; round < 400 && !settled(); round += 1) {
            for (const { socket } of subscribers) socket.read(1_000_000);
            await turn();
          }
          function wanted(filter: Filter): number[] {
            return model.log
              .filter((event) => compilePredicate(filter)(event) && inside(filter, event))
              .map((event) => event.seq);
          }
          function settled(): boolean {
            return subscribers.every(
              ({ socket, filter }) => socket.gone || socket.seen.length >= wanted(filter).length,
            );
          }
          for (const { socket, filter } of subscribers) {
            if (socket.gone) expect(new Set(socket.seen).size).toBe(socket.seen.length);
            else expect([...socket.seen].sort((a, b) => a - b)).toEqual(wanted(filter));
          }
          expect(model.counters.repeats).toBe(0);
          for (const { socket } of subscribers) socket.feed?.stop();
          expect(model.pages.heldBytes).toBe(0);
        },
      ),
      { numRuns: 400 },
    );
  });
});
