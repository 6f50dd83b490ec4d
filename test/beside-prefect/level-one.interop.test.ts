/**
 * Reads of events from Sluice, all else at Prefect: what Prefect acknowledged is in Sluice once and byte for byte,
 * though Prefect and its hook are killed while Sluice is away, and Prefect works as it does alone.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publish, untilFound } from '../../support/events.ts';
import { send } from '../../support/http.ts';
import { findChromium } from '../../support/peers/chromium.ts';
import { installPrefect, testedVersion } from '../../support/peers/prefect.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { whyNoProxy } from '../proxy/run-proxy.ts';
import { formOf } from './acceptance-form.ts';
import { Automations } from './automations.ts';
import { emitNumbered, runWork } from './emit.ts';
import { type Beside, startBeside } from './start-beside.ts';
import { proxyOf } from './start-front.ts';
import { type Redis, startRedis } from './start-redis.ts';
import { textsOfExport, textsOfPages } from './stored-texts.ts';
import { answersOf, uiCalls } from './ui-calls.ts';
import { compareWithSluice, openPages, pageFlags, pageKinds } from './web-pages.ts';
import { deploymentLaw, untilTaskRuns } from './work-laws.ts';

const form = formOf(process.env);
const install = await installPrefect(repositoryRoot(), form.version, form.packages);
const noProxy = whyNoProxy(proxyOf(form.frontKind));
const chromium = await findChromium(repositoryRoot());
const testMs = 240_000 + 2 * form.outageMs;

describe('a Prefect whose events are read from Sluice', () => {
  if (!install.found || noProxy !== null) {
    it.skip(install.found ? (noProxy ?? '') : install.sentence, () => undefined);
    return;
  }
  let beside: Beside;
  let redis: Redis | null = null;
  let automations: Automations;
  let run: { id: string; fromMs: number; untilMs: number };

  beforeAll(async () => {
    redis = form.hasRedis ? await startRedis() : null;
    const { frontKind, isOutAtPrefect } = form;
    beside = await startBeside(install, { settings: redis?.settings ?? {}, frontKind, isOutAtPrefect });
    automations = await Automations.make(beside.front);
  }, testMs);
  afterAll(async () => {
    await beside?.stop();
    await redis?.stop();
  }, testMs);

  it(
    'makes task runs of events, and fires automations on them',
    async () => {
      const fromMs = Date.now();
      const said = await runWork(beside, 'flow');
      expect(said).toMatchObject({ state: 'COMPLETED' });
      run = { id: String(said['run']), fromMs, untilMs: Date.now() };
      await emitNumbered(beside.front, 'front.custom', 1);
      await untilTaskRuns(beside.front, run.id);
      await automations.haveFired(beside.front);
    },
    testMs,
  );

  if (form.isLong) deploymentLaw(() => beside, testMs);

  // The calls are those of the tested version's pages.
  if (form.version === testedVersion) {
    it(
      'shows on both of its web pages what Prefect itself would show',
      async () => {
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

  if (form.version === testedVersion && chromium.found) {
    it(
      'shows in a browser, on both kinds of its pages, what Sluice answers: the events, one event, and a run',
      async () => {
        const onlyInSluice = await emitToSluice(beside);
        const browser = await chromium.launch(pageFlags);
        try {
          for (const kind of pageKinds) {
            const pages = await openPages(browser, beside, kind);
            const listed = await pages.show('/events', async () => {
              const isAnswered = ['filter', 'count-by/'].every((path) => pages.isAnswered(`/api/events/${path}`));
              return isAnswered && (await pages.eventNames()).includes('only.in.sluice');
            });
            const [events] = await compareWithSluice(beside.sluiceItself, listed, '/api/events/filter');
            expect(await pages.eventNames()).toEqual(events?.names);
            await compareWithSluice(beside.sluiceItself, listed, '/api/events/count-by/');

            const { id, occurred } = onlyInSluice;
            const path = `/events/event/${occurred.slice(0, 10)}/${id}`;
            const one = await pages.show(
              path,
              async () => pages.isAnswered('/api/events/filter') && (await pages.says('only.in.sluice')),
            );
            const [event] = await compareWithSluice(beside.sluiceItself, one, '/api/events/filter');
            expect(event).toMatchObject({ names: ['only.in.sluice'], total: 1 });

            // Its graph has what happened from the start of the run to its end.
            const ofRun = await pages.show(`/runs/flow-run/${run.id}`, async () =>
              pages.isAnswered('/api/events/filter', run.id),
            );
            const runs = await compareWithSluice(beside.sluiceItself, ofRun, '/api/events/filter', run.id);
            expect(runs.at(-1)?.names).toContain('prefect.flow-run.Running');
            expect(runs.at(-1)?.total).toBe(runs.at(-1)?.names.length);
            await pages.page.close();
          }
        } finally {
          await browser.close();
        }
      },
      testMs,
    );
  } else if (!chromium.found) it.skip(chromium.sentence, () => undefined);

  it(
    'keeps what Prefect acknowledged while Sluice was away and Prefect was killed',
    async () => {
      const acknowledged = await emitNumbered(beside.front, 'before.outage', 50);
      await beside.sluice?.kill();
      const awayAtMs = Date.now();
      acknowledged.push(...(await emitNumbered(beside.front, 'sluice.away', 150)));
      expect((await send(beside.front, { path: '/api/health' })).status).toBe(200);
      await beside.killPrefect();
      await beside.startPrefect();
      acknowledged.push(...(await emitNumbered(beside.front, 'prefect.again', 50)));
      await until(
        'the outage is over',
        () => Date.now() >= awayAtMs + form.outageMs || undefined,
        form.outageMs + 1_000,
      );
      await beside.startSluice();
      acknowledged.push(...(await emitNumbered(beside.front, 'sluice.again', 50)));
      const ours = await until('all that was acknowledged is in Sluice', async () => {
        const texts = await textsOfExport(beside.sluiceItself);
        return acknowledged.every((id) => texts.has(id)) ? texts : undefined;
      });
      expect(acknowledged).toHaveLength(300);
      const theirs = await textsOfPages(beside.prefectItself);
      expect(theirs.size).toBeGreaterThan(200);
      const differing = [...theirs].filter(([id, text]) => ours.get(id) !== text);
      expect(differing).toEqual([]);
    },
    testMs,
  );
});

/** Both have the same events: what is asked then can only be answered alike. Gives an event and an automation. */
async function untilSame(beside: Beside, automations: Automations): Promise<{ event: string; automation: string }> {
  const texts = await until('both have the same events', async () => {
    const [ours, theirs] = [await textsOfExport(beside.sluiceItself), await textsOfPages(beside.prefectItself)];
    const isSame = theirs.size > 0 && [...theirs].every(([id, text]) => ours.get(id) === text);
    return isSame && [...ours.keys()].every((id) => theirs.has(id)) ? theirs : undefined;
  });
  const event = [...texts].find(([, text]) => text.includes('"event":"front.custom"'))?.[0];
  return { event: event ?? 'none', automation: automations.ids[0] ?? 'none' };
}

/**
 * Prefect itself does not have these: one of now, and one of the minute before, for the newer pages leave out the
 * minute that runs. Gives the older one.
 */
async function emitToSluice({ sluiceItself }: Beside): Promise<{ readonly id: string; readonly occurred: string }> {
  const now = Date.now();
  const times = [now, Math.floor(now / 60_000) * 60_000 - 1_000].map((ms) => new Date(ms).toISOString());
  const events = times.map((occurred) => ({
    ...{ id: randomUUID(), occurred, event: 'only.in.sluice' },
    resource: { 'prefect.resource.id': 'front.0' },
  }));
  await publish(sluiceItself, events);
  await untilFound(sluiceItself, { event: { name: ['only.in.sluice'] } }, events.length);
  const older = events.at(-1);
  if (older === undefined) throw new Error('Nothing was sent');
  return older;
}
