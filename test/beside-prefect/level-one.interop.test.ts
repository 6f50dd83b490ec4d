/**
 * Reads of events from Sluice, all else at Prefect: what Prefect acknowledged is in Sluice once and byte for byte,
 * though Prefect and its hook are killed while Sluice is away, and Prefect works as it does alone.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send } from '../../support/http.ts';
import { findChromium } from '../../support/peers/chromium.ts';
import { installPrefect, testedVersion } from '../../support/peers/prefect.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { whyNoProxy } from '../proxy/run-proxy.ts';
import { formOf } from './acceptance-form.ts';
import { Automations } from './automations.ts';
import { browserLaw } from './browser-law.ts';
import { doctorLaw } from './doctor-law.ts';
import { emitNumbered, runWork } from './emit.ts';
import { type PastRun, pagesLaw } from './page-laws.ts';
import { patiently } from './patiently.ts';
import { type Beside, startBeside } from './start-beside.ts';
import { proxyOf } from './start-front.ts';
import { type Redis, startRedis } from './start-redis.ts';
import { textsOfExport, textsOfPages } from './stored-texts.ts';
import { deploymentLaw, untilTaskRuns } from './work-laws.ts';

const form = formOf(process.env);
const install = await installPrefect(repositoryRoot(), form.version, form.packages);
const chromium = await findChromium(repositoryRoot());
const noProxy = whyNoProxy(proxyOf(form.frontKind));
const testMs = 1_200_000 + 2 * form.outageMs;

describe('a Prefect whose events are read from Sluice', () => {
  if (!install.found || noProxy !== null) {
    it.skip(install.found ? (noProxy ?? '') : install.sentence, () => undefined);
    return;
  }
  let beside: Beside;
  let redis: Redis | null = null;
  let automations: Automations;
  let run: PastRun;

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

  if (form.isLong) deploymentLaw(() => beside, form.canCancel, testMs);

  if (form.version === testedVersion) {
    pagesLaw(() => ({ beside, automations, run }), testMs);
    browserLaw(chromium, () => ({ beside, run }), testMs);
  }

  doctorLaw(() => beside, 1, testMs);

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
      expect(acknowledged).toHaveLength(300);
      // Prefect first: its automations go on firing, and each comes to Sluice a moment later.
      const theirs = await textsOfPages(beside.prefectItself);
      expect(theirs.size).toBeGreaterThan(200);
      const ours = await patiently('all that was acknowledged is in Sluice', async () => {
        const texts = await textsOfExport(beside.sluiceItself);
        return [...acknowledged, ...theirs.keys()].every((id) => texts.has(id)) ? texts : undefined;
      });
      const differing = [...theirs].filter(([id, text]) => ours.get(id) !== text);
      expect(differing).toEqual([]);
    },
    testMs,
  );
});
