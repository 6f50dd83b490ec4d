/**
 * Subscribers as Prefect's own are: they write down what each of their connections saw, in its order, and come back whenever Sluice
 * does, each time anew (those that resume: resumers.ts).
 */
import { WebSocket } from 'ws';
import { keyOf } from './producers.ts';

/** What one connection saw. */
export interface Seen {
  readonly subscriber: string;
  readonly backfill: boolean;
  /** The start of its window, in microseconds since 1970. */
  readonly sinceMicros: number;
  /** Keys, as they came. */
  readonly keys: number[];
  /** When it ended, in ms since 1970; null while it is open. */
  endedMs: number | null;
}

export interface Subscriber {
  readonly connections: readonly Seen[];
  end(): void;
}

const retryMs = 20;
const lookBackMs = 10_000;

/** Without `backfill` it sees only what comes live after it has joined. */
export function startSubscriber(name: string, backfill: boolean, port: number): Subscriber {
  const connections: Seen[] = [];
  let isEnded = false;
  let socket: WebSocket | null = null;

  function join(): void {
    if (isEnded) return;
    const opening = new WebSocket(`ws://127.0.0.1:${port}/api/events/out`, ['prefect'], { perMessageDeflate: false });
    socket = opening;
    let seen: Seen | null = null;
    opening.once('open', () => opening.send('{"type":"auth","token":null}'));
    opening.once('message', () => {
      const since = Date.now() - lookBackMs;
      const record: Seen = { subscriber: name, backfill, sinceMicros: since * 1000, keys: [], endedMs: null };
      seen = record;
      connections.push(record);
      opening.on('message', (data: Buffer) => record.keys.push(keyOf(data.toString())));
      const filter = { event: { prefix: ['crash.'] }, occurred: { since: new Date(since).toISOString() } };
      opening.send(JSON.stringify({ type: 'filter', filter, backfill }));
    });
    opening.on('error', () => undefined);
    opening.once('close', () => {
      if (seen !== null) seen.endedMs = Date.now();
      setTimeout(join, retryMs);
    });
  }

  join();
  return {
    connections,
    end() {
      isEnded = true;
      socket?.terminate();
    },
  };
}
