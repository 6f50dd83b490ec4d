/**
 * When the clients of a server that stops are to come back: spread, so that they do not come all at once, and soon.
 */

/** About a restart's time. */
const afterMsMin = 500;
const msPerClient = 1;
const spreadMsMax = 4_000;

/** Of the nth of so many, the first being 0. */
export function retryAfterMs(nth: number, clients: number): number {
  const spreadMs = Math.min(clients * msPerClient, spreadMsMax);
  return afterMsMin + Math.floor((nth * spreadMs) / Math.max(1, clients));
}
