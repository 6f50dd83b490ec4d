/**
 * Subscribers as Prefect's own are: they write down what each of their connections saw, in its order, and come back
 * whenever Sluice does, each time anew (those that resume: resumers.ts).
 */
import { setTimeout as wait } from 'node:timers/promises';
import { filterMessage } from '../../schemas/wire.ts';
import { targetAt } from '../target.ts';
import { connectSigned, type WireClient } from '../wire-client.ts';
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
  let socket: WireClient | null = null;

  async function visit(): Promise<void> {
    const joined = await connectSigned(targetAt(port), '/api/events/out');
    if (isEnded) {
      joined.drop();
      return;
    }
    socket = joined;
    const since = Date.now() - lookBackMs;
    const seen: Seen = { subscriber: name, backfill, sinceMicros: since * 1000, keys: [], endedMs: null };
    connections.push(seen);
    joined.onMessage = (frame) => seen.keys.push(keyOf(frame));
    const filter = { event: { prefix: ['crash.'] }, occurred: { since: new Date(since).toISOString() } };
    joined.send(filterMessage(filter, { backfill }));
    await joined.closed;
    seen.endedMs = Date.now();
  }

  void (async () => {
    while (!isEnded) {
      await visit().catch(() => undefined);
      await wait(retryMs);
    }
  })();
  return {
    connections,
    end() {
      isEnded = true;
      socket?.drop();
    },
  };
}
