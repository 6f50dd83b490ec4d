/** The events that `sluice doctor` sends to find where they come out. */
import { makeId } from '../../client/src/make-id.ts';
import { wait } from '../../client/src/retry.ts';
import { askServer } from '../prefect-target.ts';
import { connectTo, type ServerTarget } from '../target.ts';

export const visibleMs = 20_000;
const pollMs = 250;

export function doctorEvent() {
  const resource = { 'prefect.resource.id': 'sluice.doctor' };
  return { occurred: new Date().toISOString(), event: 'prefect.sluice.doctor', resource, id: makeId(Date.now()) };
}

/** By POST. Gives its id. */
export async function emitTo(target: ServerTarget, signal: AbortSignal): Promise<string> {
  const event = doctorEvent();
  await askServer(target, '/events', signal, { method: 'POST', body: JSON.stringify([event]) });
  return event.id;
}

/** The event as that server shows it; null if it does not within `visibleMs`. */
export async function shownBy(target: ServerTarget, id: string, signal: AbortSignal): Promise<string | null> {
  const server = await connectTo(target, { attemptsMax: 1 });
  const endMs = performance.now() + visibleMs;
  do {
    try {
      for await (const text of server.query({ id: { id: [id] } }, { signal }).texts()) return text;
    } catch {
      signal.throwIfAborted();
    }
    await wait(pollMs, signal);
  } while (performance.now() < endMs);
  return null;
}
