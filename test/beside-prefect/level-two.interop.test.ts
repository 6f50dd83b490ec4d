/**
 * Clients send their events to Sluice, which forwards them to a real Prefect: it works as it does alone, and what
 * Sluice acknowledged is in both, though Prefect and Sluice are killed meanwhile.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send } from '../../support/http.ts';
import { findChromium } from '../../support/peers/chromium.ts';
import { installPrefect, testedVersion } from '../../support/peers/prefect.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { whyNoProxy } from '../proxy/run-proxy.ts';
import { formOf } from './acceptance-form.ts';
import { Automations } from './automations.ts';
import { browserLaw } from './browser-law.ts';
import { doctorLaw } from './doctor-law.ts';
import { emitNumbered, runWork } from './emit.ts';
import { forwarderOf, untilForwarded } from './forwarder-view.ts';
import { prefectKilledLaw, sluiceKilledLaw } from './kill-laws.ts';
import { type PastRun, pagesLaw } from './page-laws.ts';
import { patiently } from './patiently.ts';
import { verify } from './run-sluice.ts';
import { type Beside, startBeside } from './start-beside.ts';
import { proxyOf } from './start-front.ts';
import { type Redis, startRedis } from './start-redis.ts';
import { textsOfExport, textsOfPages } from './stored-texts.ts';
import { deploymentLaw, untilTaskRuns } from './work-laws.ts';

const form = formOf(process.env);
const install = await installPrefect(repositoryRoot(), form.version, form.packages);
const chromium = await findChromium(repositoryRoot());
const frontKind = `${proxyOf(form.frontKind)}-level-2` as const;
const noProxy = whyNoProxy(proxyOf(form.frontKind));
const testMs = 1_200_000;
/** Its own default: what it has taken for less than 5 s dies with it. Elsewhere tests have it write at once. */
const asPrefectIs = { PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL: '5' };

describe('a Prefect to which Sluice forwards what clients send', () => {
  if (!install.found || noProxy !== null) {
    it.skip(install.found ? (noProxy ?? '') : install.sentence, () => undefined);
    return;
  }
  let beside: Beside;
  let redis: Redis | null = null;
  let automations: Automations;
  let run: PastRun;
  const acknowledged: string[] = [];

  beforeAll(async () => {
    redis = form.hasRedis ? await startRedis() : null;
    const settings = { ...(form.isLong && asPrefectIs), ...redis?.settings };
    beside = await startBeside(install, { frontKind, isLevelTwo: true, settings });
    automations = await Automations.make(beside.front);
  }, testMs);
  afterAll(async () => {
    await beside?.stop();
    await redis?.stop();
  }, testMs);

  it(
    'makes task runs of events, and fires automations on them, each once',
    async () => {
      const fromMs = Date.now();
      const said = await runWork(beside, 'flow');
      expect(said).toMatchObject({ state: 'COMPLETED' });
      run = { id: String(said['run']), fromMs, untilMs: Date.now() };
      acknowledged.push(...(await emitNumbered(beside.front, 'front.custom', 1)));
      await untilTaskRuns(beside.front, run.id);
      await automations.haveFired(beside.front);
      const [custom = '', , flowRun = ''] = automations.ids;
      const fired = await automations.fired(beside.front);
      expect([fired.get(custom), fired.get(flowRun)]).toEqual([1, 1]);
      expect((await forwarderOf(beside.sluiceItself)).counters['sentAgain']).toBe(0);
    },
    testMs,
  );

  if (form.isLong) deploymentLaw(() => beside, form.canCancel, testMs);

  if (form.version === testedVersion) pagesLaw(() => ({ beside, automations, run }), testMs);

  doctorLaw(() => beside, 2, testMs);

  prefectKilledLaw(() => beside, form.isLong ? 1_000 : 250, testMs);

  it(
    'says by verify what Prefect itself has lost, and sends it that, and then both have the same',
    async () => {
      await patiently('verify counts what Prefect lacks', async () => {
        const [ours, theirs] = [await textsOfExport(beside.sluiceItself), await textsOfPages(beside.prefectItself)];
        const lost = [...ours.keys()].filter((id) => !theirs.has(id));
        const { code, stdout } = await verify(beside, []);
        const isTold = lost.length === 0 ? code === 0 : stdout.includes(`Prefect lacks ${lost.length} events:`);
        if (isTold) console.log(stdout.trim());
        return isTold ? true : undefined;
      });
      await verify(beside, ['--repair']);
      await patiently('both have the same events', async () =>
        (await verify(beside, [])).code === 0 ? true : undefined,
      );
    },
    testMs,
  );

  if (form.version === testedVersion) browserLaw(chromium, () => ({ beside, run }), testMs);

  if (form.isLong) sluiceKilledLaw(() => beside, testMs);

  if (form.isLong) {
    it(
      'loses nothing that it has acknowledged when it is killed itself, and has each event as Prefect has it',
      async () => {
        acknowledged.push(...(await emitNumbered(beside.front, 'sluice.killed', 200)));
        await beside.sluice?.kill();
        expect((await send(beside.front, { path: '/api/health' })).status).toBe(200);
        await beside.startSluice();
        acknowledged.push(...(await emitNumbered(beside.front, 'sluice.again', 50)));
        await untilForwarded(beside.sluiceItself);
        // Prefect first: its automations go on firing, and each comes to Sluice a moment later.
        const theirs = await textsOfPages(beside.prefectItself);
        const ours = await patiently('all is in Sluice', async () => {
          const texts = await textsOfExport(beside.sluiceItself);
          return [...acknowledged, ...theirs.keys()].every((id) => texts.has(id)) ? texts : undefined;
        });
        expect(acknowledged.filter((id) => !theirs.has(id))).toEqual([]);
        expect([...theirs].filter(([id, text]) => ours.get(id) !== text)).toEqual([]);
      },
      testMs,
    );
  }
});
