/**
 * The one command of the bench: runs the cases against a URL, or against a Sluice that it starts itself, and with
 * `--peer prefect` against the real Prefect too; prints one JSON with the machine's facts.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installPrefect, launchPrefect } from '../support/peers/prefect.ts';
import { launchSluice, repositoryRoot } from '../support/peers/sluice.ts';
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

const help = `npm run bench -- [options]
  --url URL            measure this server; without it Sluice is started from dist in a temporary data folder
  --auth-string S      of that server
  --pid N              of that server's process, for memory and CPU
  --peer prefect       measure the real Prefect too, in the same run
  --cases a,b          of: ingest, fanout, handover, counts, sustained (default: all);
                       forms: intake by the form of the JSON, which ingest runs too;
                       commit: what durability costs an event; intake: CPU of each stage; both without a server;
                       backfill: one reader of --events (1000000);
                       backfill-many: 40 readers of --events (30000), and 10 slow ones;
                       with servers of their own: spread, latency, latency-in-turns, lone-deliveries, catch-up, idle,
                       distinct-filters, soak, nats, scale, heavy-counts, engine-cpu, beside-prefect, side-by-side,
                       durability, late-events, usual-loads, usual-questions, shapes, live-counts,
                       sharded,
                       move-lines: the commands import and export, of --events lines (1000000);
                       without one: filter-index, read-forms, redaction, kernel-send, live-count-stage
  --suite speed        the figures of docs/PERFORMANCE.md, but for the long ones (sustained --seconds 600, soak)
  --minutes N          of soak and engine-cpu (30)
  --soak-rate N        events a second of soak and engine-cpu (10000)
  --connections N      of idle (15000)
  --pairs N            of live-counts (3)
  --seconds N          of sustained (60)
  --rate N             events a second of sustained (12000)
  --events N           of counts (10000), of scale, beside-prefect and heavy-counts (1000000), and of the backfills
  --data DIR           of scale and beside-prefect: a folder that keeps the set; without it the set is made and removed
  --resources N        of scale: primary resources of the set (5000), or the word runs: one for each run
  --save NAME          write the result to bench/results/NAME.json as well
`;

type Case = (target: BenchTarget) => Promise<object>;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      'auth-string': { type: 'string' },
      pid: { type: 'string' },
      peer: { type: 'string' },
      cases: { type: 'string', default: 'ingest,fanout,handover,counts,sustained' },
      suite: { type: 'string' },
      'soak-rate': { type: 'string', default: '10000' },
      minutes: { type: 'string', default: '30' },
      connections: { type: 'string', default: '15000' },
      pairs: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '60' },
      rate: { type: 'string', default: '12000' },
      events: { type: 'string' },
      data: { type: 'string' },
      resources: { type: 'string', default: '5000' },
      save: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help || (values.peer !== undefined && values.peer !== 'prefect')) {
    process.stdout.write(help);
    return;
  }
  const root = repositoryRoot();
  const cases: Readonly<Record<string, Case>> = {
    ingest,
    forms,
    fanout,
    handover,
    commit: commitStage,
    intake: intakeStage,
    counts: (target) => counts(target, { events: Number(values.events ?? 10_000) }),
    backfill: (target) => backfill(target, { events: Number(values.events ?? 1_000_000) }),
    'backfill-many': (target) => backfillMany(target, { events: Number(values.events ?? 30_000) }),
    sustained: (target) =>
      target.isPeer
        ? sustainedByPeer(target)
        : sustained(target, { seconds: Number(values.seconds), rate: Number(values.rate) }),
  };
  const asked = values.suite === undefined ? values.cases.split(',') : (suites[values.suite] ?? ['of that suite']);
  // A figure of intake is of one form: the others stand beside it.
  const names = [...new Set(asked.flatMap((name) => (name === 'ingest' ? ['ingest', 'forms'] : [name])))];
  const unknown = names.find((name) => cases[name] === undefined && ownCases[name] === undefined);
  if (unknown !== undefined) throw new Error(`There is no case ${unknown}.\n${help}`);
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
    minutes: Number(values.minutes),
    rate: Number(values['soak-rate']),
    connections: Number(values.connections),
    pairs: Number(values.pairs),
    scale: {
      events: Number(values.events ?? 1_000_000),
      resources: values.resources,
      dataDir: values.data ?? null,
    },
  };
  if (shared.length === 0) {
    // Only cases that start servers of their own.
  } else if (values.url === undefined) {
    await withSluice(root, measure);
  } else {
    await measure({
      name: values.url,
      url: values.url.replace(/\/+(api\/*)?$/, ''),
      isPeer: false,
      ...(values['auth-string'] === undefined ? {} : { authString: values['auth-string'] }),
      ...(values.pid === undefined ? {} : { pid: Number(values.pid) }),
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
function save(root: string, name: string | undefined, result: object): void {
  if (name === undefined) return;
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
