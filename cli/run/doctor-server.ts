/** What a client finds at the server: that it answers, is ready, takes the token, and gives back what it was sent. */
import { authorizationOf, Endpoints } from '../../client/src/endpoints.ts';
import { asSluiceError, SluiceError } from '../../client/src/errors.ts';
import { makeId } from '../../client/src/make-id.ts';
import { wait } from '../../client/src/retry.ts';
import { isUntrusted, withHint } from '../../client/src/untrusted.ts';
import { EventPoster } from '../send/post-events.ts';
import { connectTo, type ServerTarget } from '../target.ts';
import type { Finding } from './finding.ts';

const answerMs = 5_000;
const visibleMs = 15_000;
const pollMs = 100;
/** Two clocks that differ by more give events odd times. */
const clockMsMax = 2_000;

export async function serverFindings(target: ServerTarget, signal: AbortSignal): Promise<Finding[]> {
  const { base } = new Endpoints(target);
  const headers = target.token === null ? {} : { authorization: authorizationOf(target.token) };
  const ask = (path: string): Promise<Response> =>
    fetch(base + path, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]) });
  const orNull = (asked: Promise<Response>): Promise<Response | null> => asked.catch(() => null);
  const health = await ask('/health').catch((error: unknown) => asSluiceError(withHint(error)));
  if (health instanceof SluiceError) return [{ name: 'server', isOk: false, says: whyNobody(target.url, health) }];
  const server: Finding = { name: 'server', isOk: health.ok, says: `${target.url} answers ${health.status}` };
  const clock = clockFinding(health);
  const version = await orNull(ask('/admin/version'));
  if (version?.status === 401) {
    const wants = target.token === null ? 'one, and none was given' : 'another one than it was given';
    const says = `the server wants ${wants}: set SLUICE_TOKEN, or name a file by --token-file`;
    return [server, clock, { name: 'token', isOk: false, says }];
  }
  const ready = await orNull(ask('/ready'));
  const readiness: Finding = {
    name: 'readiness',
    isOk: ready?.ok === true,
    says: ready?.ok === true ? 'events are taken' : `it takes no events: ${await textOf(ready)}`,
  };
  return [
    server,
    clock,
    { name: 'token', isOk: true, says: 'it is taken' },
    readiness,
    await roundTrip(target, signal),
  ];
}

function whyNobody(url: string, error: SluiceError): string {
  if (isUntrusted(error)) return `${url}: ${error.message}`;
  return `nobody answers at ${url}: \`sluice serve\` starts one, --url and SLUICE_URL name another`;
}

function clockFinding(answer: Response): Finding {
  const theirs = Date.parse(answer.headers.get('date') ?? '');
  // Its seconds are whole.
  const differenceMs = Number.isNaN(theirs) ? 0 : Math.max(0, Math.abs(Date.now() - theirs - 500) - 500);
  const isOk = differenceMs <= clockMsMax;
  const seconds = Math.round(differenceMs / 1000);
  const way = `differs by ${seconds} s from this machine: let both be set by the network (NTP)`;
  return { name: "server's clock", isOk, says: isOk ? 'as ours' : way };
}

/** Emits one event and asks for it. */
async function roundTrip(target: ServerTarget, signal: AbortSignal): Promise<Finding> {
  const name = 'round trip';
  const id = makeId(Date.now());
  const occurred = new Date().toISOString();
  const event = { occurred, event: 'sluice.doctor', resource: { 'prefect.resource.id': 'sluice.doctor' }, id };
  const begunMs = performance.now();
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(visibleMs)]);
  try {
    const outcome = await new EventPoster(target, bounded).post(Buffer.from(JSON.stringify([event])), 1);
    if (outcome.kind !== 'taken') return { name, isOk: false, says: 'an event was refused' };
    const durableMs = Math.round(performance.now() - begunMs);
    const sluice = await connectTo(target);
    while ((await sluice.query({ id: { id: [id] } }, { signal: bounded }).total()) === 0) await wait(pollMs, bounded);
    const seenMs = Math.round(performance.now() - begunMs);
    return { name, isOk: true, says: `an event was acknowledged after ${durableMs} ms, and found after ${seenMs} ms` };
  } catch (error) {
    signal.throwIfAborted();
    const why = bounded.aborted ? `nothing came back within ${visibleMs / 1000} s` : String(error);
    return { name, isOk: false, says: `${why}: look at the server's log, and at its ClickHouse` };
  }
}

async function textOf(answer: Response | null): Promise<string> {
  return answer === null ? 'no answer' : (await answer.text()).slice(0, 300);
}
