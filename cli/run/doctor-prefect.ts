/** What is found between a Sluice and a Prefect server beside it, by asking both: each set-up that loses something. */
import { askServer, type ForwarderView, forwarderOf } from '../prefect-target.ts';
import type { ServerTarget } from '../target.ts';
import { emitTo, shownBy, visibleMs } from './doctor-event.ts';
import { frontFindings } from './doctor-front.ts';
import { type Finding, no, ok } from './finding.ts';
import { type Automation, starvingAutomations } from './starving-automations.ts';

export interface BesideTargets {
  readonly sluice: ServerTarget;
  /** Itself. */
  readonly prefect: ServerTarget;
  /** Where clients send to; null if that is not told. */
  readonly front: ServerTarget | null;
}

const lagSecondsMax = 60;

export async function prefectFindings(targets: BesideTargets, signal: AbortSignal): Promise<Finding[]> {
  const { sluice, prefect, front } = targets;
  const version = await askServer(prefect, '/admin/version', signal).catch(() => null);
  if (version?.status !== 200) return [no('Prefect', `${prefect.url} answers ${version?.status ?? 'nothing'} to us`)];
  const isSluice = (await askServer(prefect, '/admin/connections', signal)).status !== 404;
  if (isSluice) return [no('Prefect', `a Sluice answers at ${prefect.url}: name the Prefect server itself`)];
  const forwarder = await forwarderOf(sluice, signal).catch(() => null);
  const says = forwarder === null ? '1: it reads events from Sluice' : '2: Sluice forwards events to it';
  return [
    ok('Prefect', `${prefect.url} answers; level ${says}`),
    ...(await roundTrips(targets, forwarder, signal)),
    ...(forwarder === null ? [] : [forwarding(forwarder), await starving(prefect, forwarder, signal)]),
    ...(front === null
      ? []
      : await frontFindings({ sluice, prefect, front, level: forwarder === null ? 1 : 2 }, signal)),
  ];
}

/** One event into each, and where it comes out. */
async function roundTrips(
  { sluice, prefect }: BesideTargets,
  forwarder: ForwarderView | null,
  signal: AbortSignal,
): Promise<Finding[]> {
  const id = await emitTo(prefect, signal);
  const isHere = (await shownBy(sluice, id, signal)) !== null;
  const isThere = (await shownBy(prefect, id, signal)) !== null;
  const hook = isHere
    ? ok('hook', 'what Prefect takes comes to Sluice')
    : no('hook', 'what Prefect takes does not come to Sluice: is PREFECT_MESSAGING_BROKER=sluice_prefect set there?');
  const off = 'Prefect does not show what it takes: its event persister is off';
  if (forwarder === null) return [hook, ok('persister', isThere ? 'Prefect shows what it takes' : off)];
  const persister = isThere
    ? ok('persister', 'Prefect shows what it takes')
    : no('persister', `${off}, so after a restart nothing can be asked for: turn it on`);
  if (!isThere) return [hook, persister];
  const isForwarded = (await shownBy(prefect, await emitTo(sluice, signal), signal)) !== null;
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
