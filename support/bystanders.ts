/**
 * A healthy producer and a healthy subscriber that run beside hostile clients: whatever those do, these two must lose
 * nothing and see no error.
 */
import { randomUUID } from 'node:crypto';
import { connect, type PublisherStatus, type SubscriptionStatus } from '../client/src/node.ts';
import { untilFound } from './events.ts';
import { send } from './http.ts';
import { until } from './poll.ts';
import type { Target } from './target.ts';

export interface Bystanders {
  /**
   * Ends the producer and insists on every event exactly once, live and stored, and that no connection ever broke.
   */
  finish(): Promise<{ readonly sent: number; readonly slowestMs: number }>;
}

export interface Edge {
  /** Events that ClickHouse does not have yet. */
  readonly pending: number;
  readonly liveSubscribers: number;
  readonly laggingSubscribers: number;
  readonly books: Readonly<Record<string, number>>;
  readonly edge: Readonly<Record<string, number>>;
}

const paceMs = 20;
const eventName = 'bystander.event';

export async function startBystanders(target: Target): Promise<Bystanders> {
  const filter = { event: { name: [eventName] } };
  const sluice = connect({ url: target.baseUrl(), token: target.authString ?? null });
  const troubles: string[] = [];
  const onStatus = ({ phase, error }: PublisherStatus | SubscriptionStatus): void => {
    if (error !== null) troubles.push(`${phase}: ${error.message}`);
  };
  const ending = new AbortController();
  const subscription = sluice.subscribe({ filter, from: 'now', signal: ending.signal, onStatus });
  const heard: string[] = [];
  const reading = (async () => {
    for await (const message of subscription) if (message.type === 'event') heard.push(message.event.id);
  })();
  reading.catch(() => undefined);
  await until('the bystander is live', () => (subscription.status.phase === 'live' ? true : undefined));
  const publisher = sluice.publisher({ onStatus });
  const sent: string[] = [];
  let slowestMs = 0;
  let isSending = true;
  const sending = (async () => {
    while (isSending) {
      const id = randomUUID();
      sent.push(id);
      const before = performance.now();
      await publisher.emit({ event: eventName, resource: { 'prefect.resource.id': 'bystander' }, payload: {}, id });
      slowestMs = Math.max(slowestMs, performance.now() - before);
      // Only its pace: nothing is waited for here.
      await new Promise((resolve) => setTimeout(resolve, paceMs));
    }
  })();
  sending.catch(() => undefined);

  return {
    async finish() {
      isSending = false;
      await sending;
      await until('the bystander has all its events', () => heard.length >= sent.length || undefined);
      await untilFound(target, filter, sent.length, 0);
      if (heard.length !== sent.length || new Set([...heard, ...sent]).size !== sent.length) {
        throw new Error(`The bystander heard ${heard.length} frames of ${sent.length} events`);
      }
      if (troubles.length > 0) throw new Error(`A bystander was disturbed: ${troubles.join('; ')}`);
      const { edge } = await edgeOf(target);
      if (edge['faults'] !== 0) throw new Error(`There were ${edge['faults']} faults of ours`);
      await publisher.close();
      ending.abort();
      return { sent: sent.length, slowestMs };
    },
  };
}

/** The verbose answer of `/api/ready`. */
export async function edgeOf(target: Target): Promise<Edge> {
  return JSON.parse((await send(target, { path: '/api/ready?verbose=1' })).text) as Edge; // our own answer
}
