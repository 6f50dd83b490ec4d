/** How fast a server is sent to, where nobody has said it. */
import { authorizationOf, Endpoints } from '../../client/src/endpoints.ts';
import type { ServerTarget } from '../target.ts';
import type { Terminal } from '../terminal.ts';

/** A Prefect server drops what its broker does not keep up with. */
const plainRate = 300;

/** Events a second: as asked, else no bound for a Sluice, which says itself when it has enough. */
export async function sendingRate(
  asked: number | undefined,
  target: ServerTarget,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  if (asked !== undefined) return asked;
  if (await isSluice(target, signal)) return Number.POSITIVE_INFINITY;
  terminal.notice(`this server is no Sluice: it gets ${plainRate} events a second, for a Prefect may drop more`);
  return plainRate;
}

/** It has a route that no Prefect has, whatever it answers there. Who cannot be reached may be one. */
async function isSluice({ url, token }: ServerTarget, signal: AbortSignal): Promise<boolean> {
  const headers = token === null ? {} : { authorization: authorizationOf(token) };
  const { base } = new Endpoints({ url });
  const answer = await fetch(`${base}/admin/connections`, { headers, signal }).catch(() => null);
  await answer?.body?.cancel();
  return answer?.status !== 404;
}
