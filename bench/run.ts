/**
 * The one command of the bench: runs the cases against a URL, or against a Sluice that it starts itself, and with
 * `--peer prefect` against the real Prefect too; prints one JSON with the machine's facts.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPrefect, launchPrefect } from '../support/peers/prefect.ts';
import { launchSluice, repositoryRoot } from '../support/peers/sluice.ts';
import { readOptions, refuse } from '../support/script-options.ts';
import { backfill, backfillMany } from './cases/backfill.ts';
import { counts } from './cases/counts.ts';
import { fanout } from './cases/fanout.ts';
import { forms } from './cases/forms.ts';
import { handover } from './cases/handover.ts';
import { ingest } from './cases/ingest.ts';
import { sustained, sustainedByPeer } from './cases/sustained.ts';
import { machineFacts } from './machine.ts';
import { type OwnCaseOptions, ownCases, suites } from './own-cases.ts';
import { commitStage } from './stages/commit.ts';
import { intakeStage } from './stages/intake.ts';
import type { BenchTarget } from './target.ts';

const script = {
  name: 'bench',
  about: `Measures, and prints one JSON with the machine's facts. docs/PERFORMANCE.md is made of such results.`,
  options: {
    url: {
      default: '',
      word: 'URL',
      says: 'measure this server; else one is started, on a temporary data folder',
    },
    'auth-string': { default: '', word: 'S', says: 'of that server' },
    pid: { default: 0, says: "of that server's process, for memory and CPU", shown: '' },
    peer: { default: '', oneOf: ['prefect'], says: 'measure the real Prefect too, in the same run' },
    cases: {
      default: 'ingest,fanout,handover,counts,sustained',
      word: 'a,b',
      says: `which;
further, forms: intake by the form of the JSON, which ingest runs too;
commit: what durability costs an event; intake: CPU of each stage; both without a server;
backfill: one reader of --events (1000000);
backfill-many: 40 readers of --events (30000), and 10 slow ones;
move-lines: the commands import and export, of --events lines (1000000);
and with what they start themselves:
${wrapped(Object.keys(ownCases).filter((name) => name !== 'move-lines'))}`,
    },
    suite: { default: '', oneOf: Object.keys(suites), says: 'several cases by one word, instead of --cases' },
    minutes: { default: 30, says: 'of soak, engine-cpu and forwarding' },
    'soak-rate': {
      default: 10_000,
      says: 'events a second of soak and engine-cpu, and of sharded: there 5000 at most',
    },
    connections: { default: 15_000, says: 'of idle' },
    pairs: { default: 3, says: 'of live-counts' },
    seconds: { default: 60, says: 'of sustained' },
    rate: { default: 12_000, says: 'events a second of sustained' },
    events: {
      default: 0,
      shown: '',
      says: `of counts (10000), of scale, beside-prefect, heavy-counts,
sharded, usual-questions and shapes (1000000), and of the backfills`,
    },
    data: {
      default: '',
      word: 'DIR',
      says: 'of scale and beside-prefect: a folder that keeps the set; else it is made and removed',
    },
    resources: {
      default: '5000',
      word: 'N',
      says: 'of scale: primary resources of the set, or the word runs: one for each run',
    },
    save: { default: '', word: 'NAME', says: 'write the result to bench/results/NAME.json as well' },
  },
} as const;

/** Names, in lines of a help. */
function wrapped(names: readonly string[]): string {
  return names.join(', ').replace(/(.{60,80}), /g, '$1,\n');
}

type Case = (target: BenchTarget) => Promise<object>;

async function main(): Promise<void> {
  const { values } = readOptions(script);
  const root = repositoryRoot();
  const cases: Readonly<Record<string, Case>> = {
    ingest,
    forms,
    fanout,
    handover,
    commit: commitStage,
    intake: intakeStage,
    counts: (target) => counts(target, { events: values.events || 10_000 }),
    backfill: (target) => backfill(target, { events: values.events || 1_000_000 }),
    'backfill-many': (target) => backfillMany(target, { events: values.events || 30_000 }),
    sustained: (target) =>
      target.isPeer ? sustainedByPeer(target) : sustained(target, { seconds: values.seconds, rate: values.rate }),
  };
  const asked = suites[values.suite] ?? values.cases.split(',');
  // A figure of intake is of one form: the others stand beside it.
  const names = [...new Set(asked.flatMap((name) => (name === 'ingest' ? ['ingest', 'forms'] : [name])))];
  const unknown = names.find((name) => cases[name] === undefined && ownCases[name] === undefined);
  if (unknown !== undefined) refuse(script, `there is no case ${unknown}`);
  const result: Record<string, unknown> = { when: new Date().toISOString(), machine: machineFacts(root) };
  const shared = names.filter((name) => cases[name] !== undefined);
  const measure = async (target: BenchTarget): Promise<void> => {
    result[target.name] = await runCases(
      target,
      shared.filter((name) => !(target.isPeer && ['commit', 'intake', 'forms'].includes(name))),
      cases,
    );
  };
  const own = {
    minutes: values.minutes,
    rate: values['soak-rate'],
    connections: values.connections,
    pairs: values.pairs,
    scale: {
      events: values.events || 1_000_000,
      resources: values.resources,
      dataDir: values.data || null,
    },
  };
  if (shared.length === 0) {
    // Only cases that start servers of their own.
  } else if (values.url === '') {
    await withSluice(root, measure);
  } else {
    await measure({
      name: values.url,
      url: values.url.replace(/\/+(api\/*)?$/, ''),
      isPeer: false,
      ...(values['auth-string'] === '' ? {} : { authString: values['auth-string'] }),
      ...(values.pid === 0 ? {} : { pid: values.pid }),
    });
  }
  for (const name of names.filter((name) => ownCases[name] !== undefined)) {
    result[name] = await runOwn(root, name, own);
    save(root, values.save, result);
  }
  if (values.peer === 'prefect' && shared.length > 0)
    await withPrefect(root, measure, (sentence) => (result.prefect = sentence));
  save(root, values.save, result);
  process.stdout.write(textOf(result));
}

function textOf(result: object): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}

/** After each case, for a long run may be cut off. */
function save(root: string, name: string, result: object): void {
  if (name === '') return;
  mkdirSync(join(root, 'bench', 'results'), { recursive: true });
  writeFileSync(join(root, 'bench', 'results', `${name}.json`), textOf(result));
}

/** One case that fails takes no other with it. */
async function runCases(
  target: BenchTarget,
  names: readonly string[],
  cases: Readonly<Record<string, Case>>,
): Promise<object> {
  const results: Record<string, unknown> = {};
  for (const name of names) {
    process.stderr.write(`${target.name}: ${name} …\n`);
    results[name] = await cases[name]?.(target).catch((error: unknown) => ({
      failed: error instanceof Error ? error.message : String(error),
    }));
  }
  return results;
}

async function runOwn(root: string, name: string, options: OwnCaseOptions): Promise<unknown> {
  process.stderr.write(`${name} …\n`);
  return ownCases[name]?.(root, options).catch((error: unknown) => ({
    failed: error instanceof Error ? error.message : String(error),
  }));
}

async function withSluice(root: string, measure: (target: BenchTarget) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const server = await launchSluice({ root, dataDir, env: { SLUICE_LOG_LEVEL: 'warn' } });
  try {
    await measure({ name: 'sluice', url: server.url, pid: server.pid, isPeer: false });
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

async function withPrefect(
  root: string,
  measure: (target: BenchTarget) => Promise<void>,
  skip: (sentence: string) => void,
): Promise<void> {
  const install = await installPrefect(root);
  if (!install.found) {
    skip(install.sentence);
    return;
  }
  const server = await launchPrefect(install);
  try {
    await measure({ name: 'prefect', url: server.url, pid: server.pid, isPeer: true });
  } finally {
    await server.stop();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
