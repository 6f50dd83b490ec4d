/**
 * The frozen answers of Prefect 3.8.8's models (test/fixtures) over the wire: every body that it takes is taken, every
 * other one gets exactly its mistakes.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import type { AnsweredEvent } from '../../schemas/wire.ts';
import { eventLike, pageOf, publish, type Sent, untilFound } from '../../support/events.ts';
import { type Answer, post, send } from '../../support/http.ts';
import { law, type Target, uniqueWord } from '../../support/target.ts';

interface Issue {
  readonly loc: readonly unknown[];
}
interface EventCase {
  readonly event: Sent;
  readonly issues: readonly Issue[];
}
interface FilterCase {
  readonly filter: unknown;
  readonly issues: readonly Issue[];
}
interface BodyCase {
  readonly path: string;
  readonly body: string | null;
  readonly issues: readonly Issue[] | null;
}
interface TimeCase {
  readonly sent: unknown;
  /** Null where it is refused. */
  readonly time: string | null;
}

const atOnce = 8;
const longAgo = '0001-01-01T00:00:00Z';
const farAhead = '9999-12-31T23:59:59.999999Z';
/** Offsets of a day, and UTC years that do not exist: Prefect answers 204 to these and then cannot store them. */
const lostByPrefect = new Set<unknown>([
  '2026-11-22T01:02:03+24:00',
  '2026-11-22T01:02:03-24:00',
  '2026-11-22T01:02:03+23:60',
  '9999-12-31T23:59:59-01:00',
  '0001-01-01T00:00:00+01:00',
]);

export function fixturesSection(target: Target): void {
  describe('every frozen body over the wire', () => {
    law(target, 'events: the mistakes of each', async () => {
      const cases = readCases<EventCase>('event-errors');
      const wrong = await mismatches(cases, async ({ event, issues }) => {
        const sent = issues.length === 0 ? { ...event, id: randomUUID() } : event;
        const answer = await post(target, '/api/events', [sent]);
        const wanted = issues.map((issue) => ({ ...issue, loc: ['body', ...issue.loc] }));
        return difference(answer, issues.length === 0 ? 204 : 422, wanted);
      });
      expect(wrong).toEqual([]);
    });

    law(target, 'filters: the mistakes of each', async () => {
      // As a body's field null means the default filter.
      const cases = readCases<FilterCase>('filter-errors').filter(({ filter }) => filter !== null);
      const wrong = await mismatches(cases, async ({ filter, issues }) => {
        const answer = await post(target, '/api/events/filter', { filter, limit: 0 });
        const wanted = issues.map((issue) => ({ ...issue, loc: ['body', 'filter', ...issue.loc] }));
        return difference(answer, issues.length === 0 ? 200 : 422, wanted);
      });
      expect(wrong).toEqual([]);
    });

    law(target, 'bodies of queries and counts: the mistakes of each', async () => {
      const wrong = await mismatches(readCases<BodyCase>('query-bodies'), async ({ path, body, issues }) => {
        const answer = await send(target, {
          method: 'POST',
          path: `/api/events/${path}`,
          ...(body === null ? {} : { body, headers: { 'content-type': 'application/json' } }),
        });
        return difference(answer, issues === null ? 200 : 422, issues ?? []);
      });
      expect(wrong).toEqual([]);
    });

    times(target);
  });
}

function times(target: Target): void {
  const cases = readCases<TimeCase>('times');

  law(target, 'times: how each comes out', async () => {
    const word = uniqueWord();
    const taken = cases.filter(({ time }) => time !== null);
    const resource = { 'prefect.resource.id': word };
    await publish(
      target,
      taken.map(({ sent }, at) => eventLike({ occurred: sent, event: `${word}.${at}`, resource })),
    );
    const filter = { resource: { id: [word] }, occurred: { since: longAgo, until: farAhead } };
    let page = await untilFound(target, filter, taken.length);
    const found = new Map<string, string>();
    const note = ({ event, occurred }: AnsweredEvent): unknown => found.set(event, occurred);
    page.events.forEach(note);
    while (page.next_page !== null) {
      const { pathname, search } = new URL(page.next_page);
      page = pageOf(await send(target, { path: pathname + search }));
      page.events.forEach(note);
    }
    expect(taken.map(({ sent }, at) => [sent, found.get(`${word}.${at}`)])).toEqual(
      taken.map(({ sent, time }) => [sent, time]),
    );
  });

  law(target, 'times: which are refused', async () => {
    const refused = cases.filter(({ time, sent }) => time === null && !lostByPrefect.has(sent));
    expect(await taken(target, refused)).toEqual([]);
  });
}

/** Comes last: Prefect loses what it stores at the same time, too. */
export function unstorableTimesSection(target: Target): void {
  describe('times that cannot be stored', () => {
    law(
      target,
      'are refused',
      async () => {
        const unstorable = readCases<TimeCase>('times').filter(({ sent }) => lostByPrefect.has(sent));
        expect(unstorable).toHaveLength(lostByPrefect.size);
        expect(await taken(target, unstorable)).toEqual([]);
      },
      { ours: 'Prefect takes these and loses them' },
    );
  });
}

/** Which of the times are not refused. */
function taken(target: Target, cases: readonly TimeCase[]): Promise<string[]> {
  return mismatches(cases, async ({ sent }) => {
    const { status } = await post(target, '/api/events', [eventLike({ occurred: sent })]);
    return status === 422 ? null : `${status}`;
  });
}

function difference(answer: Answer, status: number, issues: readonly Issue[]): string | null {
  if (answer.status !== status) return `answered ${answer.status} ${answer.text.slice(0, 300)}`;
  if (status !== 422) return null;
  const { exception_detail: details } = JSON.parse(answer.text) as { exception_detail?: unknown }; // its shape is what is compared
  return JSON.stringify(details) === JSON.stringify(issues)
    ? null
    : `answered ${JSON.stringify(details)} instead of ${JSON.stringify(issues)}`;
}

/** Asks some at a time, and lists those that differ. */
async function mismatches<Case>(cases: readonly Case[], ask: (row: Case) => Promise<string | null>): Promise<string[]> {
  const wrong: string[] = [];
  const left = [...cases];
  const work = async (): Promise<void> => {
    for (let row = left.shift(); row !== undefined; row = left.shift()) {
      const found = await ask(row);
      if (found !== null) wrong.push(`${JSON.stringify(row).slice(0, 300)}: ${found}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return wrong;
}

function readCases<Case>(name: string): readonly Case[] {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')) as Case[]; // frozen in the repo
}
