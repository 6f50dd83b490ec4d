/** What is found through the proxy before a Sluice and a Prefect server: where each of its routes leads. */
import { Endpoints } from '../../client/src/endpoints.ts';
import { asSluiceError, SluiceError } from '../../client/src/errors.ts';
import type { SubscriptionStatus } from '../../client/src/subscription.ts';
import { firstLineOf } from '../../src/base/errors.ts';
import { connectTo, type ServerTarget } from '../target.ts';
import { doctorEvent, emitTo, shownBy, visibleMs } from './doctor-event.ts';
import { type Finding, no, ok } from './finding.ts';

export interface FrontTargets {
  readonly sluice: ServerTarget;
  readonly prefect: ServerTarget;
  /** Where clients send to. */
  readonly front: ServerTarget;
  readonly level: 1 | 2;
}

export async function frontFindings(targets: FrontTargets, signal: AbortSignal): Promise<Finding[]> {
  const { sluice, prefect, front, level } = targets;
  const id = await emitTo(front, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    return asSluiceError(error);
  });
  if (id instanceof SluiceError) return [no('front', `${front.url} takes nothing: ${id.message}`)];
  const atPrefect = await shownBy(prefect, id, signal);
  const atSluice = await shownBy(sluice, id, signal);
  return [
    atPrefect === null ? no('writes', naive) : ok('writes', 'what clients send comes to Prefect'),
    await socketWrites(front, level, signal),
    atSluice === null
      ? no('reads', 'what clients send is not in Sluice')
      : reads(atSluice, await shownBy(front, id, signal)),
    await live(front, signal),
  ];
}

const naive =
  'what clients send does not come to Prefect: task runs, automations and cancelling are lost. Send ' +
  'POST /api/events and /api/events/in to Prefect (level 1), or set SLUICE_PREFECT_URL (level 2)';

/** Prefect's clients send by the WebSocket. */
async function socketWrites(front: ServerTarget, level: 1 | 2, signal: AbortSignal): Promise<Finding> {
  const name = 'socket';
  const leads = await leadsTo(front, signal);
  if (leads instanceof Error) {
    return no(name, `/api/events/in takes nothing (${firstLineOf(leads)}): does the proxy let upgrades pass?`);
  }
  const wanted = level === 1 ? 'Prefect' : 'Sluice';
  if (leads === wanted) return ok(name, `/api/events/in leads to ${leads}`);
  return no(name, `/api/events/in leads to ${leads}: on level ${level} the proxy must send it to ${wanted}`);
}

/** Who answers at `/in`: only Sluice says which events are durable. An Error where nobody does. */
async function leadsTo(front: ServerTarget, signal: AbortSignal): Promise<'Sluice' | 'Prefect' | Error> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(visibleMs)]);
  const publisher = (await connectTo(front, { attemptsMax: 3 })).publisher();
  try {
    await publisher.emit(doctorEvent(), bounded);
    return publisher.status.promise === 'durable' ? 'Sluice' : 'Prefect';
  } catch (error) {
    signal.throwIfAborted();
    if (await opensUnnamed(front)) return 'Prefect';
    return publisher.status.error ?? new Error(firstLineOf(error));
  } finally {
    await publisher.close(bounded).catch(() => undefined);
  }
}

/** Prefect up to 3.6.13 names no subprotocol there, which ends a handshake that asks for one. */
async function opensUnnamed(front: ServerTarget): Promise<boolean> {
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(`${new Endpoints(front).socketBase}/events/in`, { handshakeTimeout: visibleMs });
  return await new Promise((resolve) => {
    socket.once('error', () => resolve(false));
    socket.once('open', () => {
      socket.terminate();
      resolve(true);
    });
  });
}

/** When it was received is each server's own, so it says whose answer it is. */
function reads(atSluice: string, atFront: string | null): Finding {
  if (atFront === atSluice) return ok('reads', 'questions are answered by Sluice');
  const who = atFront === null ? 'not answered' : 'answered by Prefect';
  return no('reads', `questions are ${who}: the proxy must send /api/events/filter and the other reads to Sluice`);
}

/** Only Sluice's feed has positions. */
async function live(front: ServerTarget, signal: AbortSignal): Promise<Finding> {
  const name = 'live';
  const { promise, transport, error } = await opened(front, signal);
  if (promise === 'plain') return no(name, '/api/events/out leads to Prefect: the proxy must send it to Sluice');
  if (promise === 'exact' && transport === 'websocket') return ok(name, '/api/events/out leads to Sluice');
  const why = error === null ? '' : ` (${firstLineOf(error)})`;
  return no(name, `no WebSocket opens at /api/events/out${why}: does the proxy let upgrades pass?`);
}

type Opened = Pick<SubscriptionStatus, 'promise' | 'transport' | 'error'>;

/** The feed's status as soon as it is known who answers, or after `visibleMs`. */
async function opened(front: ServerTarget, signal: AbortSignal): Promise<Opened> {
  let seen: Opened = { promise: null, transport: null, error: null };
  const known = new AbortController();
  const feed = (await connectTo(front)).subscribe({
    from: 'now',
    signal: AbortSignal.any([signal, known.signal, AbortSignal.timeout(visibleMs)]),
    onStatus: (status) => {
      if (known.signal.aborted) return;
      seen = status;
      if (status.promise !== null && status.transport !== null) known.abort();
    },
  });
  try {
    for await (const _ of feed) break;
  } catch {
    signal.throwIfAborted();
  }
  return seen;
}
