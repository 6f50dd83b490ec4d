/** What both of Prefect's web pages show, whatever stands before it. */
import { expect, it } from 'vitest';
import type { Automations } from './automations.ts';
import { patiently } from './patiently.ts';
import type { Beside } from './start-beside.ts';
import { textsOfExport, textsOfPages } from './stored-texts.ts';
import { answersOf, uiCalls } from './ui-calls.ts';

/** A flow run that has come to its end. */
export interface PastRun {
  readonly id: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface PageParts {
  readonly beside: Beside;
  readonly automations: Automations;
  readonly run: PastRun;
}

/** The calls are those of the tested version's pages. */
export function pagesLaw(partsOf: () => PageParts, testMs: number): void {
  it(
    'shows on both of its web pages what Prefect itself would show',
    async () => {
      const { beside, automations, run } = partsOf();
      const { event, automation } = await untilSame(beside, automations);
      const present = {
        nowMs: Date.now(),
        eventId: event,
        flowRunId: run.id,
        automationId: automation,
        runFromMs: run.fromMs,
        runUntilMs: run.untilMs,
      };
      const calls = uiCalls(present);
      expect(calls).toHaveLength(18);
      let shownEvents = 0;
      for (const call of calls) {
        const [throughFront, ofPrefect] = [
          await answersOf(beside.front, call),
          await answersOf(beside.prefectItself, call),
        ];
        expect({ call, answers: throughFront }).toEqual({ call, answers: ofPrefect });
        shownEvents += throughFront.flatMap(({ events }) => events).length;
      }
      expect(shownEvents).toBeGreaterThan(50);
    },
    testMs,
  );
}

/** Both have the same events: what is asked then can only be answered alike. Gives an event and an automation. */
async function untilSame(beside: Beside, automations: Automations): Promise<{ event: string; automation: string }> {
  const texts = await patiently('both have the same events', async () => {
    const [ours, theirs] = [await textsOfExport(beside.sluiceItself), await textsOfPages(beside.prefectItself)];
    const isSame = theirs.size > 0 && [...theirs].every(([id, text]) => ours.get(id) === text);
    return isSame && [...ours.keys()].every((id) => theirs.has(id)) ? theirs : undefined;
  });
  const event = [...texts].find(([, text]) => text.includes('"event":"front.custom"'))?.[0];
  return { event: event ?? 'none', automation: automations.ids[0] ?? 'none' };
}
