/**
 * Clients send their events to Sluice, which forwards them to a real Prefect: it works as it does alone, and what
 * Sluice acknowledged is in both, though Prefect and Sluice are killed meanwhile.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../support/command-line.ts';
import { post, send } from '../../support/http.ts';
import { installPrefect } from '../../support/peers/prefect.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import type { Target } from '../../support/target.ts';
import { whyNoProxy } from '../proxy/run-proxy.ts';
import { formOf } from './acceptance-form.ts';
import { Automations } from './automations.ts';
import { emitNumbered, runWork } from './emit.ts';
import { authString, type Beside, startBeside } from './start-beside.ts';
import { proxyOf } from './start-front.ts';
import { textsOfExport, textsOfPages } from './stored-texts.ts';
import { deploymentLaw, untilTaskRuns } from './work-laws.ts';

const form = formOf(process.env);
const install = await installPrefect(repositoryRoot(), form.version, form.packages);
const frontKind = `${proxyOf(form.frontKind)}-level-2` as const;
const noProxy = whyNoProxy(proxyOf(form.frontKind));
const testMs = 300_000;

describe('a Prefect to which Sluice forwards what clients send', () => {
  if (!install.found || noProxy !== null) {
    it.skip(install.found ? (noProxy ?? '') : install.sentence, () => undefined);
    return;
  }
  let beside: Beside;
  let automations: Automations;
  const acknowledged: string[] = [];

  beforeAll(async () => {
    beside = await startBeside(install, { frontKind, isLevelTwo: true });
    automations = await Automations.make(beside.front);
  }, testMs);
  afterAll(() => beside?.stop(), testMs);

  it(
    'makes task runs of events, and fires automations on them, each once',
    async () => {
      const said = await runWork(beside, 'flow');
      expect(said).toMatchObject({ state: 'COMPLETED' });
      acknowledged.push(...(await emitNumbered(beside.front, 'front.custom', 1)));
      await untilTaskRuns(beside.front, said['run']);
      await automations.haveFired(beside.front);
      const [custom = '', , flowRun = ''] = automations.ids;
      const fired = await automations.fired(beside.front);
      expect([fired.get(custom), fired.get(flowRun)]).toEqual([1, 1]);
      expect((await forwarderOf(beside.sluiceItself)).counters['sentAgain']).toBe(0);
    },
    testMs,
  );

  if (form.isLong) deploymentLaw(() => beside, testMs);

  it(
    'is found by doctor to be set up well',
    async () => {
      const { stdout } = await runSluice(beside, ['doctor', '-o', 'json', '--front', beside.front.baseUrl()]);
      const findings = JSON.parse(stdout) as readonly { name: string; ok: boolean }[]; // as doctor writes it
      const names = ['Prefect', 'hook', 'persister', 'forwarder', 'forwarding', 'automations', 'writes', 'reads'];
      expect(findings.filter(({ name, ok }) => names.includes(name) && ok).map(({ name }) => name)).toEqual(names);
    },
    testMs,
  );

  it(
    'takes all of a thousand events though Prefect is killed among them, and brings them to it, and says what it lost',
    async () => {
      const before = await automations.fired(beside.front);
      acknowledged.push(...(await emitNumbered(beside.front, 'thousand', 400)));
      acknowledged.push(...(await emitNumbered(beside.front, 'front.custom', 20)));
      await beside.killPrefect();
      const rest = await emitNumbered(beside.front, 'thousand', 600);
      acknowledged.push(...rest);
      expect(acknowledged).toHaveLength(1 + 1_020);
      await beside.startPrefect();
      await untilForwarded(beside);
      const theirs = await totalOf(beside.prefectItself, 'thousand');
      expect([await totalOf(beside.sluiceItself, 'thousand'), theirs]).toEqual([1_000, 1_000]);
      const { sentAgain = 0, leftInDoubt } = (await forwarderOf(beside.sluiceItself)).counters;
      expect(leftInDoubt).toBe(0);
      const [custom = ''] = automations.ids;
      await until('the automation has fired for each', async () => {
        const fired = (await automations.fired(beside.front)).get(custom) ?? 0;
        return fired >= (before.get(custom) ?? 0) + 20 ? fired : undefined;
      });
      const fired = (await automations.fired(beside.front)).get(custom) ?? 0;
      expect(fired).toBeLessThanOrEqual((before.get(custom) ?? 0) + 20 + sentAgain);
      const { code, stdout } = await verify(beside, []);
      // What Prefect's own server emitted while it was killed may be lost there; what came by Sluice is not.
      expect(stdout).not.toMatch(/× (thousand|front\.custom)/);
      expect([0, 1]).toContain(code);
      if (code === 1) expect(stdout).toMatch(/lacks \d+ events/);
    },
    testMs,
  );

  if (form.isLong) {
    it(
      'loses nothing that it has acknowledged when it is killed itself, and has each event as Prefect has it',
      async () => {
        acknowledged.push(...(await emitNumbered(beside.front, 'sluice.killed', 200)));
        await beside.sluice?.kill();
        expect((await send(beside.front, { path: '/api/health' })).status).toBe(200);
        await beside.startSluice();
        acknowledged.push(...(await emitNumbered(beside.front, 'sluice.again', 50)));
        await untilForwarded(beside);
        const ours = await until('all is in Sluice', async () => {
          const texts = await textsOfExport(beside.sluiceItself);
          return acknowledged.every((id) => texts.has(id)) ? texts : undefined;
        });
        const theirs = await textsOfPages(beside.prefectItself);
        expect(acknowledged.filter((id) => !theirs.has(id))).toEqual([]);
        expect([...theirs].filter(([id, text]) => ours.get(id) !== text)).toEqual([]);
      },
      testMs,
    );
  }

  it(
    'sends to Prefect what it is found to lack, and then both have the same',
    async () => {
      await verify(beside, ['--repair']);
      await until(
        'both have the same events',
        async () => ((await verify(beside, [])).code === 0 ? true : undefined),
        60_000,
      );
    },
    testMs,
  );
});

interface ForwarderView {
  readonly lagEvents: number;
  readonly unconfirmedEvents: number;
  readonly counters: Readonly<Record<string, number>>;
}

async function forwarderOf(sluice: Target): Promise<ForwarderView> {
  const { text } = await send(sluice, { path: '/api/ready?verbose=1' });
  return (JSON.parse(text) as { forwarder: ForwarderView }).forwarder; // Sluice's answer
}

/** Prefect has all for sure. */
async function untilForwarded({ sluiceItself }: Beside): Promise<void> {
  await until(
    'all is forwarded',
    async () => {
      const { lagEvents, unconfirmedEvents } = await forwarderOf(sluiceItself);
      return lagEvents === 0 && unconfirmedEvents === 0 ? true : undefined;
    },
    120_000,
  );
}

async function totalOf(target: Target, name: string): Promise<number> {
  const { text } = await post(target, '/api/events/filter', { filter: { event: { name: [name] } }, limit: 1 });
  return (JSON.parse(text) as { total: number }).total; // the API's answer
}

function verify(beside: Beside, words: readonly string[]) {
  return runSluice(beside, ['verify', '--rest', '5s', ...words]);
}

function runSluice(beside: Beside, words: readonly string[]) {
  const env = {
    NODE_EXTRA_CA_CERTS: beside.certificate.file,
    SLUICE_URL: beside.sluiceItself.baseUrl(),
    SLUICE_TOKEN: authString,
    SLUICE_PREFECT_AUTH_STRING: authString,
  };
  return runCommand([...words, '--prefect', beside.prefectItself.baseUrl()], { env });
}
