/**
 * A healthy producer and a healthy subscriber that run beside hostile clients: whatever those do, these two must lose
 * nothing and see no error.
 */
import { eventLike, untilFound } from './events.ts';
import { send } from './http.ts';
import { until } from './poll.ts';
import type { Target } from './target.ts';
import { connectSigned, subscribe } from './wire-client.ts';

export interface Bystanders {
  /**
   * Ends the producer and insists on every event exactly once, live and stored, and on sockets that were never closed.
   */
  finish(): Promise<{ readonly sent: number; readonly slowestPongMs: number }>;
}

export interface Edge {
  readonly liveSubscribers: number;
  readonly books: Readonly<Record<string, number>>;
  readonly edge: Readonly<Record<string, number>>;
}

const paceMs = 20;
const eventName = 'bystander.event';

export async function startBystanders(target: Target): Promise<Bystanders> {
  const filter = { event: { name: [eventName] } };
  const subscriber = await subscribe(target, filter, { backfill: false });
  await until('the bystander is live', async () => ((await edgeOf(target)).liveSubscribers === 1 ? true : undefined));
  const producer = await connectSigned(target, '/api/events/in');
  const sent: string[] = [];
  let slowestPongMs = 0;
  let failure: unknown = null;
  let isSending = true;
  const sending = (async () => {
    while (isSending) {
      const event = eventLike({ event: eventName });
      sent.push(String(event['id']));
      const before = performance.now();
      producer.send(JSON.stringify(event));
      await producer.ping();
      slowestPongMs = Math.max(slowestPongMs, performance.now() - before);
      // Only its pace: nothing is waited for here.
      await new Promise((resolve) => setTimeout(resolve, paceMs));
    }
  })().catch((error: unknown) => {
    failure = error;
  });

  return {
    async finish() {
      isSending = false;
      await sending;
      if (failure !== null) throw failure;
      await until('the bystander has all its events', () => subscriber.events().length >= sent.length || undefined);
      await untilFound(target, filter, sent.length, 0);
      const heard = subscriber.events();
      if (heard.length !== sent.length || new Set([...heard.map(({ id }) => id), ...sent]).size !== sent.length) {
        throw new Error(`The bystander heard ${heard.length} frames of ${sent.length} events`);
      }
      if (!producer.isOpen || !subscriber.isOpen) throw new Error('A bystander was closed');
      const { edge } = await edgeOf(target);
      if (edge['faults'] !== 0) throw new Error(`There were ${edge['faults']} faults of ours`);
      producer.drop();
      subscriber.drop();
      return { sent: sent.length, slowestPongMs };
    },
  };
}

/** The verbose answer of `/api/ready`. */
export async function edgeOf(target: Target): Promise<Edge> {
  return JSON.parse((await send(target, { path: '/api/ready?verbose=1' })).text) as Edge; // our own answer
}
