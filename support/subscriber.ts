/**
 * What a test asks of a subscriber: which events came, in which order, and whether it is live yet.
 */
import { expect } from 'vitest';
import type { SentFilter } from '../schemas/filter.ts';
import { eventLike, publish, type Sent } from './events.ts';
import { until } from './poll.ts';
import type { Target } from './target.ts';
import { type SubscriptionFields, subscribe, type WireClient } from './wire-client.ts';

/** An `until` that no test lives to see. */
export const far = '2100-01-01T00:00:00Z';

/** A time so long ago, or ahead if negative, as text. */
export const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

/** The names of the events that came, less the word they begin with. */
export function namesOf(socket: WireClient, word: string): string[] {
  return socket.events().map(({ event }) => event.slice(word.length + 1));
}

/** Waits until the events named so were all there, in this order, and nothing else. */
export async function untilGot(socket: WireClient, word: string, names: readonly string[]): Promise<void> {
  const got = (): string => namesOf(socket, word).join();
  await until(`${names.join()} came`, () => (namesOf(socket, word).length >= names.length ? true : undefined)).catch(
    (error: Error) => Promise.reject(new Error(`${error.message} (came: ${got()})`)),
  );
  expect(got()).toBe(names.join());
}

/** A subscriber of the events that begin with the word, whose filter the server has read. */
export async function subscribeTo(
  target: Target,
  word: string,
  filter: SentFilter,
  fields: SubscriptionFields = {},
): Promise<WireClient> {
  const socket = await subscribe(target, { event: { prefix: [word] }, occurred: { until: far }, ...filter }, fields);
  await socket.ping();
  return socket;
}

/** Sends probes until one has come: from then on the subscriber is live. */
export async function untilLive(target: Target, socket: WireClient, word: string, fields: Sent = {}): Promise<void> {
  await until('a probe comes', async () => {
    await publish(target, [eventLike({ event: `${word}.probe`, ...fields })]);
    return namesOf(socket, word).includes('probe') ? true : undefined;
  });
}
