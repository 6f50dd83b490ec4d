/**
 * The calls of both of Prefect's web pages, as they were recorded, with times and ids of events that are there now.
 */
import { readFileSync } from 'node:fs';
import { post, send } from '../../support/http.ts';
import type { Target } from '../../support/target.ts';
import { eventTexts, idOf } from './stored-texts.ts';

export interface UiCall {
  readonly ui: string;
  readonly page: string;
  readonly path: string;
  readonly body: { readonly filter: { readonly occurred: { since: string; until: string } } };
}

/** What the recorded ids and times stand for. */
export interface Present {
  /** The end of the lists' windows: not in the future, for there Prefect leaves buckets out. */
  readonly nowMs: number;
  readonly eventId: string;
  readonly flowRunId: string;
  readonly automationId: string;
  readonly runFromMs: number;
  readonly runUntilMs: number;
}

const dayMs = 86_400_000;

export function uiCalls(present: Present): UiCall[] {
  const recorded = readFileSync(new URL('ui-calls.json', import.meta.url), 'utf8')
    .replaceAll(/prefect\.flow-run\.[0-9a-f-]{36}/g, `prefect.flow-run.${present.flowRunId}`)
    .replaceAll(/prefect\.automation\.[0-9a-f-]{36}/g, `prefect.automation.${present.automationId}`)
    .replaceAll(/"id": \[\s*"[0-9a-f-]{36}"\s*\]/g, `"id": ["${present.eventId}"]`);
  const calls = JSON.parse(recorded) as UiCall[]; // The file beside this one.
  return calls.map((call) => ({ ...call, body: shifted(call, present) }));
}

function shifted({ page, body }: UiCall, present: Present): UiCall['body'] {
  const { since, until } = body.filter.occurred;
  const spanMs = Date.parse(until) - Date.parse(since);
  const day = Math.floor(present.nowMs / dayMs) * dayMs;
  const windowOf: Record<string, readonly [number, number]> = {
    events: [present.nowMs - spanMs, present.nowMs],
    'event-detail': [day, day + dayMs],
    'flow-run': [present.runFromMs, present.runUntilMs],
  };
  const [fromMs, untilMs] = windowOf[page] ?? [Number.NaN, Number.NaN];
  const occurred = { since: new Date(fromMs).toISOString(), until: new Date(untilMs).toISOString() };
  return { ...body, filter: { ...body.filter, occurred } };
}

/** What a page shows of an answer: all but links and `received`; events of one moment in the order of their ids. */
export function shown(text: string): { events: string[]; rest: string } {
  const events = eventTexts(text);
  const moment = (event: string): string => event.slice(0, event.indexOf(',"event":'));
  const moments = events.map(moment);
  const placed = events.map((event, at) => ({ event, place: moments.indexOf(moments[at] ?? ''), id: idOf(event) }));
  placed.sort((one, other) => one.place - other.place || (one.id < other.id ? -1 : 1));
  const sorted = placed.map(({ event }) => event);
  const rest = text
    .replace(/"events":\[.*\](?=,"total":)/s, '"events":[]')
    .replace(/"next_page":"[^"]*"/, '"next_page":"…"');
  return { events: sorted, rest };
}

/** The first answer, and the second page behind it where there is one. */
export async function answersOf(target: Target, call: UiCall): Promise<ReturnType<typeof shown>[]> {
  const first = await post(target, call.path, call.body);
  if (first.status !== 200) throw new Error(`${call.path} answered ${first.status} ${first.text.slice(0, 300)}`);
  const token = /"next_page":"[^"]*page-token=([^"]+)"/.exec(first.text)?.[1];
  if (token === undefined) return [shown(first.text)];
  const second = await send(target, { path: `/api/events/filter/next?page-token=${token}` });
  return [shown(first.text), shown(second.text)];
}
