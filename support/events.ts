/**
 * Events for tests, their way in over HTTP, and the wait until they can be queried.
 */
import { randomUUID } from 'node:crypto';
import type { AnsweredEvent } from '../schemas/wire.ts';
import { type Answer, post } from './http.ts';
import { until } from './poll.ts';
import type { Target } from './target.ts';

/** An event as a test sends it; any field may be wrong on purpose. */
export type Sent = Readonly<Record<string, unknown>>;

export interface Page {
  readonly events: readonly AnsweredEvent[];
  readonly total: number;
  readonly next_page: string | null;
}

/** An event that every server takes, with what the test says on top. */
export function eventLike(fields: Sent): Sent {
  return {
    occurred: new Date().toISOString(),
    event: 'contract.event',
    resource: { 'prefect.resource.id': 'contract.resource' },
    id: randomUUID(),
    ...fields,
  };
}

/** Sends events and insists on 204. */
export async function publish(target: Target, events: readonly Sent[]): Promise<void> {
  const answer = await post(target, '/api/events', events);
  if (answer.status !== 204) throw new Error(`POST /api/events answered ${answer.status} ${answer.text.slice(0, 500)}`);
}

export async function query(target: Target, filter: unknown, limit = 50): Promise<Page> {
  return pageOf(await post(target, '/api/events/filter', { filter, limit }));
}

export function pageOf(answer: Answer): Page {
  if (answer.status !== 200) throw new Error(`A query answered ${answer.status} ${answer.text.slice(0, 500)}`);
  return JSON.parse(answer.text) as Page; // The shape is what the tests go on to check.
}

/** Polls until the filter finds exactly so many events, then gives the page. */
export function untilFound(target: Target, filter: unknown, count: number, limit = 50): Promise<Page> {
  let total = 0;
  return until(`${count} events can be queried by ${JSON.stringify(filter)}`, async () => {
    const page = await query(target, filter, limit);
    total = page.total;
    return total === count ? page : undefined;
  }).catch((error: Error) => {
    throw new Error(`${error.message} (found ${total})`);
  });
}

/** The 422 body of the events API, as text (docs/prefect-facts.md, "Validation errors"). */
export function refusal(details: readonly unknown[], body: unknown): string {
  return JSON.stringify({
    exception_message: 'Invalid request received.',
    exception_detail: details,
    request_body: body,
  });
}
