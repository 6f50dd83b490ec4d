/**
 * Readers that are connected while events come: a feed by a WebSocket that is cut off and resumed, one by an event
 * stream, and live counts by both. Each says at the end what was wrong.
 */
import type { Count } from '../../schemas/count.ts';
import type { CountsFrame } from '../../schemas/count-frames.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { authMessage, type EventFrame, type OutFrame } from '../../schemas/wire.ts';
import { until } from '../../support/poll.ts';
import { connect } from '../../support/wire-client.ts';
import { countsOf, difference, idsOf, wantedCounts, withinCounts } from './forced-reads.ts';
import { type ForcedTarget, feedsBegin, type Reader, type SentFilter } from './forced-target.ts';

export interface Watched {
  /** Ends it once it has all that it has to have: what is stored and fits. */
  end(wanted: readonly StoredEvent[]): Promise<string[]>;
}

export interface Watching {
  readonly target: ForcedTarget;
  readonly reader: Reader;
  readonly sent: SentFilter;
  readonly stranger: Reader;
}

const deadlineMs = 20_000;

/** Waits, but says nothing itself if it does not come: what is missing is told by the difference. */
function patiently(isThere: () => boolean): Promise<unknown> {
  return until('it came', () => isThere() || undefined, deadlineMs).catch(() => undefined);
}

const inFeeds = (wanted: readonly StoredEvent[]): string[] =>
  idsOf(wanted.filter(({ body }) => body.occurred >= feedsBegin));

class SocketFeed {
  readonly ids: string[] = [];
  isLive = false;
  token = '';
  position: string | number | null = null;
  readonly #frames = (message: string): void => this.#take(JSON.parse(message) as OutFrame); // Sluice's own frames
  #drop: () => void = () => undefined;

  async open({ target, sent }: Watching, { secret }: Reader): Promise<{ readonly closed: Promise<{ code: number }> }> {
    const socket = await connect({ baseUrl: () => target.url, strict: true }, '/api/events/out', {});
    socket.send(authMessage(secret));
    await socket.next();
    socket.onMessage = this.#frames;
    const resume = this.position === null ? {} : { resume: { token: this.token, position: this.position } };
    socket.send(JSON.stringify({ type: 'filter', filter: sent, positions: true, ...resume }));
    this.#drop = () => {
      socket.onMessage = () => undefined;
      socket.drop();
    };
    return socket;
  }

  cut(): void {
    this.#drop();
    this.isLive = false;
  }

  #take(frame: OutFrame): void {
    if (frame.type === 'event') this.ids.push(frame.event.id);
    if (frame.type === 'token') this.token = frame.token;
    if (frame.type === 'caught_up') this.isLive = true;
    if ('position' in frame && frame.position != null) this.position = frame.position;
  }
}

export async function watchBySocket(watching: Watching): Promise<Watched> {
  const feed = new SocketFeed();
  await feed.open(watching, watching.reader);
  await patiently(() => feed.isLive);
  return {
    async end(wanted) {
      const ids = inFeeds(wanted);
      await patiently(() => feed.ids.length * 2 >= ids.length);
      feed.cut();
      const thief = new SocketFeed();
      Object.assign(thief, { token: feed.token, position: feed.position });
      const stolen = await thief.open(watching, watching.stranger);
      const { code } = await stolen.closed;
      await feed.open(watching, watching.reader);
      await patiently(() => feed.ids.length >= ids.length && feed.isLive);
      feed.cut();
      const thefts = code === 1008 && thief.ids.length === 0 ? [] : [`somebody else's place was answered ${code}`];
      return [...difference('a feed', feed.ids, ids), ...thefts];
    },
  };
}

/** The data of each event of a stream, as it comes; `stop` ends it. */
function readStream(response: Response, onData: (event: string, data: string) => void): void {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const read = async (): Promise<void> => {
    for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
      text += part.value;
      const whole = text.split('\n\n');
      text = whole.pop() ?? '';
      for (const block of whole) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
        onData(field('event'), field('data'));
      }
    }
  };
  read().catch(() => undefined);
}

async function openStream({ target, reader }: Watching, path: string) {
  const stopping = new AbortController();
  const headers = { authorization: `Bearer ${reader.secret}` };
  const response = await fetch(`${target.url}/api${path}`, { headers, signal: stopping.signal });
  if (response.status !== 200) throw new Error(`a stream was answered ${response.status}: ${await response.text()}`);
  return { response, stop: () => stopping.abort() };
}

export async function watchByStream(watching: Watching): Promise<Watched> {
  const ids: string[] = [];
  const events: string[] = [];
  const { response, stop } = await openStream(watching, `/events/out?filter=${inUrl(watching.sent)}`);
  readStream(response, (event, data) => {
    events.push(event);
    const frame = data.startsWith('{') ? (JSON.parse(data) as Partial<EventFrame['event']>) : {}; // Sluice's own
    if (event === 'event' || (event === '' && frame.id !== undefined)) ids.push(frame.id ?? data);
  });
  await patiently(() => events.includes('caught_up'));
  return {
    async end(wanted) {
      const all = inFeeds(wanted);
      await patiently(() => ids.length >= all.length);
      stop();
      return difference('a stream', ids, all);
    },
  };
}

const inUrl = (value: unknown): string => encodeURIComponent(JSON.stringify(value));

class CountsList {
  readonly #counts = new Map<string, number>();

  take({ counts, changed = [], removed = [] }: CountsFrame): void {
    if (counts !== undefined) this.#counts.clear();
    for (const { value, count } of [...(counts ?? []), ...changed] as Count[]) this.#counts.set(value, count);
    for (const value of removed) this.#counts.delete(value);
  }

  get lines(): string[] {
    return [...this.#counts].map(([value, count]) => `${value} ${count}`);
  }
}

export async function watchCounts(watching: Watching, countable: string, by: 'socket' | 'stream'): Promise<Watched> {
  const list = new CountsList();
  const filter = withinCounts(watching.sent);
  const stop = by === 'socket' ? await countBySocket() : await countByStream();

  async function countBySocket(): Promise<() => void> {
    const { target, reader } = watching;
    const socket = await connect({ baseUrl: () => target.url, strict: true }, '/api/events/out', {});
    socket.send(authMessage(reader.secret));
    await socket.next();
    socket.onMessage = (message) => {
      const frame = JSON.parse(message) as OutFrame; // Sluice's own
      if (frame.type === 'counts') list.take(frame);
    };
    socket.send(JSON.stringify({ type: 'counts', countable, filter }));
    return () => socket.drop();
  }

  async function countByStream(): Promise<() => void> {
    const path = `/events/count-by/${encodeURIComponent(countable)}?filter=${inUrl(filter)}`;
    const stream = await openStream(watching, path);
    readStream(stream.response, (event, data) => {
      if (event === 'counts') list.take(JSON.parse(data) as CountsFrame); // Sluice's own
    });
    return stream.stop;
  }

  return {
    async end() {
      const lines = countsOf[countable]?.(wantedCounts(watching.target, watching)) ?? [];
      const faults = (): string[] => difference(`a live count by ${countable}, by a ${by}`, list.lines, lines);
      await patiently(() => faults().length === 0);
      stop();
      return faults();
    },
  };
}
