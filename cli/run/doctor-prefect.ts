/** What is found between a Sluice and a Prefect server beside it, by asking both: each set-up that loses something. */
import { makeId } from '../../client/src/make-id.ts';
import { wait } from '../../client/src/retry.ts';
import { askServer, type ForwarderView, forwarderOf } from '../prefect-target.ts';
import { connectTo, type ServerTarget } from '../target.ts';
import type { Finding } from './finding.ts';
import { type Automation, starvingAutomations } from './starving-automations.ts';

export interface BesideTargets {
  readonly sluice: ServerTarget;
  /** Itself. */
  readonly prefect: ServerTarget;
  /** Where clients send to; null if that is not told. */
  readonly front: ServerTarget | null;
}

const visibleMs = 20_000;
const pollMs = 250;
const lagSecondsMax = 60;

export async function prefectFindings(targets: BesideTargets, signal: AbortSignal): Promise<Finding[]> {
  const { sluice, prefect, front } = targets;
  const version = await askServer(prefect, '/admin/version', signal).catch(() => null);
  if (version?.status !== 200) return [no('Prefect', `${prefect.url} answers ${version?.status ?? 'nothing'} to us`)];
  const isSluice = (await askServer(prefect, '/admin/connections', signal)).status !== 404;
  if (isSluice) return [no('Prefect', `a Sluice answers at ${prefect.url}: name the Prefect server itself`)];
  const forwarder = await forwarderOf(sluice, signal).catch(() => null);
  const level = forwarder === null ? '1: it reads events from Sluice' : '2: Sluice forwards events to it';
  return [
    ok('Prefect', `${prefect.url} answers; level ${level}`),
    ...(await roundTrips(targets, forwarder, signal)),
    ...(forwarder === null ? [] : [forwarding(forwarder), await starving(prefect, forwarder, signal)]),
    ...(front === null ? [] : await throughFront({ sluice, prefect, front }, signal)),
  ];
}

/** One event into each, and where it comes out. */
async function roundTrips(
  { sluice, prefect }: BesideTargets,
  forwarder: ForwarderView | null,
  signal: AbortSignal,
): Promise<Finding[]> {
  const toPrefect = await emit(prefect, signal);
  const [isHere, isThere] = [await shows(sluice, toPrefect, signal), await shows(prefect, toPrefect, signal)];
  const hook = isHere
    ? ok('hook', 'what Prefect takes comes to Sluice')
    : no('hook', 'what Prefect takes does not come to Sluice: is PREFECT_MESSAGING_BROKER=sluice_prefect set there?');
  const off = 'Prefect does not show what it takes: its event persister is off';
  if (forwarder === null) return [hook, ok('persister', isThere ? 'Prefect shows what it takes' : off)];
  const persister = isThere
    ? ok('persister', 'Prefect shows what it takes')
    : no('persister', `${off}, so after a restart nothing can be asked for: turn it on`);
  if (!isThere) return [hook, persister];
  const isForwarded = await shows(prefect, await emit(sluice, signal), signal);
  const why = forwarder.reason || 'see its log';
  const way = `what Sluice takes does not come to Prefect within ${visibleMs / 1000} s: ${why}`;
  return [hook, persister, isForwarded ? ok('forwarder', 'what Sluice takes comes to Prefect') : no('forwarder', way)];
}

function forwarding({ reason, lagSeconds, counters }: ForwarderView): Finding {
  const name = 'forwarding';
  if (reason !== '') return no(name, `it waits: ${reason}`);
  if ((lagSeconds ?? 0) > lagSecondsMax) {
    return no(name, `it is ${Math.round(lagSeconds ?? 0)} s behind: forward less (SLUICE_PREFECT_FILTER)`);
  }
  const { refused, leftInDoubt } = counters;
  if (refused + leftInDoubt === 0) return ok(name, 'nothing waits');
  return no(name, `Prefect refused ${refused} events, and ${leftInDoubt} were left in doubt: see verify --prefect`);
}

async function starving(prefect: ServerTarget, { filter }: ForwarderView, signal: AbortSignal): Promise<Finding> {
  const name = 'automations';
  if (filter === null) return ok(name, 'all events are forwarded');
  const answer = await askServer(prefect, '/automations/filter', signal, { method: 'POST', body: '{"limit":200}' });
  if (answer.status !== 200) return no(name, `Prefect answers ${answer.status} to what automations it has`);
  const automations = (await answer.json()) as Automation[]; // as Prefect answers
  const sentences = starvingAutomations(automations, filter);
  if (sentences.length === 0) return ok(name, 'the filter lets pass what they wait for');
  return no(name, `${sentences.join('; ')}: SLUICE_PREFECT_FILTER holds that back`);
}

/** As a client sends: Prefect must have it, or task runs and automations are lost. */
async function throughFront(
  { sluice, prefect, front }: { [Name in keyof BesideTargets]: ServerTarget },
  signal: AbortSignal,
): Promise<Finding[]> {
  const id = await emit(front, signal);
  const isAtPrefect = await shows(prefect, id, signal);
  const isAtSluice = await shows(sluice, id, signal);
  const naive =
    'what clients send does not come to Prefect: task runs, automations and cancelling are lost. Send ' +
    'POST /api/events and /api/events/in to Prefect (level 1), or set SLUICE_PREFECT_URL (level 2)';
  return [
    isAtPrefect ? ok('writes', 'what clients send comes to Prefect') : no('writes', naive),
    isAtSluice ? ok('reads', 'what clients send comes to Sluice') : no('reads', 'what clients send is not in Sluice'),
  ];
}

/** Gives its id. */
async function emit(target: ServerTarget, signal: AbortSignal): Promise<string> {
  const id = makeId(Date.now());
  const resource = { 'prefect.resource.id': 'sluice.doctor' };
  const event = { occurred: new Date().toISOString(), event: 'prefect.sluice.doctor', resource, id };
  await askServer(target, '/events', signal, { method: 'POST', body: JSON.stringify([event]) });
  return id;
}

async function shows(target: ServerTarget, id: string, signal: AbortSignal): Promise<boolean> {
  const server = await connectTo(target, { attemptsMax: 1 });
  const endMs = performance.now() + visibleMs;
  do {
    const total = await server
      .query({ id: { id: [id] } }, { signal })
      .total()
      .catch(() => 0);
    if (total > 0) return true;
    await wait(pollMs, signal);
  } while (performance.now() < endMs);
  return false;
}

function ok(name: string, says: string): Finding {
  return { name, isOk: true, says };
}

function no(name: string, says: string): Finding {
  return { name, isOk: false, says };
}
