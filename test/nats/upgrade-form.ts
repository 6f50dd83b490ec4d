/**
 * `npm run upgrade:gateways`: two gateways of an older commit are replaced by this one's, one by one, under load, as
 * docs/SCALE.md says it ("Upgrade"), and then back again.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { brokenLaws, indexRows } from '../../support/crash/laws.ts';
import { startProducer } from '../../support/crash/producers.ts';
import { witnessOf } from '../../support/crash/stored.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { readOptions, refuse } from '../../support/script-options.ts';
import type { TestSluice } from '../../support/sluice.ts';
import { judgeLives } from '../crash/resumed-laws.ts';
import { startResumer } from '../crash/resumers.ts';
import { Cluster, database, installed, sameHead, standing } from './cluster.ts';
import { compareReplicas } from './compare-replicas.ts';

const script = {
  name: 'upgrade:gateways',
  about: `Builds an older commit beside this one, and replaces two gateways of it by this one's while producers and
resuming subscribers go on, one after the other, and at last one of them by the older one again. Prints the books;
exit code 1 if an event is lost, stored twice, or a subscriber misses or repeats one.`,
  options: {
    old: { default: '579222a', word: 'COMMIT', says: 'the older one' },
    rate: { default: 200, says: 'events a second' },
    seconds: { default: 8, says: 'load between two replacements' },
  },
} as const;
const { values } = readOptions(script);
if (!installed.found) refuse(script, installed.sentence);

const root = repositoryRoot();
const oldRoot = join(root, '.tmp', `upgrade-from-${values.old}`);
const settleMs = 180_000;
const say = (line: string): void => void process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);

function buildOld(): void {
  if (existsSync(join(oldRoot, 'dist', 'src', 'main.js'))) return;
  say(`building ${values.old}`);
  execFileSync('git', ['worktree', 'add', '--force', '--detach', oldRoot, values.old], { cwd: root });
  symlinkSync(join(root, 'node_modules'), join(oldRoot, 'node_modules'));
  execFileSync(process.execPath, ['scripts/prepare.mjs'], { cwd: oldRoot, stdio: 'ignore' });
}

function removeOld(): void {
  if (!existsSync(oldRoot)) return;
  rmSync(join(oldRoot, 'node_modules'), { force: true });
  execFileSync('git', ['worktree', 'remove', '--force', oldRoot], { cwd: root });
}

const names = ['one', 'two'] as const;
const ports = [await freePort(), await freePort()];

buildOld();
const cluster = await Cluster.start();
const gateways: TestSluice[] = [];
const start = async (nth: number, from: string): Promise<void> => {
  const port = ports[nth] ?? 0;
  gateways[nth] = await cluster.gateway(names[nth] ?? '', {}, { root: from, port });
};

/** Stopped, started as another version, waited for until it has caught up: as the document says. */
async function replace(nth: number, from: string, what: string): Promise<void> {
  const code = await gateways[nth]?.stop();
  if (code !== 0) throw new Error(`gateway ${names[nth]} ended with ${code}`);
  await start(nth, from);
  const ready = async () => {
    const { status, gateway } = await standing({ url: `http://127.0.0.1:${ports[nth]}` });
    return status === 200 && (gateway?.waiting ?? 1) < values.rate ? true : undefined;
  };
  await until(`gateway ${names[nth]} is ready`, ready, settleMs);
  say(`gateway ${names[nth]} is ${what}`);
  await wait(values.seconds * 1000);
}

try {
  for (const nth of [0, 1]) await start(nth, oldRoot);
  say(`two gateways of ${values.old} run`);
  let asked = 0;
  const port = (): number => ports[asked++ % 2] ?? 0;
  const kinds = ['ws', 'http', 'ws', 'http'] as const;
  const producers = kinds.map((kind, nth) => {
    return startProducer(kind, nth, { port, rate: values.rate / kinds.length, batch: 40, isOdd: nth === 3 });
  });
  const brief = (): number => 200;
  const resumers = ports.map((own, nth) =>
    startResumer({ name: `at ${names[nth]}`, port: own, backfill: true, awayMs: brief }),
  );
  resumers.push(startResumer({ name: 'of both', port, backfill: true, awayMs: brief, stayMs: () => 3_000 }));
  await wait(values.seconds * 1000);
  await replace(0, root, 'of this commit');
  await replace(1, root, 'of this commit');
  await replace(0, oldRoot, `of ${values.old} again`);
  await replace(0, root, 'of this commit');
  await Promise.all(producers.map((producer) => producer.finish()));
  const head = await sameHead(...gateways);
  await Promise.all(resumers.map((resumer) => resumer.finish(head)));
  for (const each of [...producers, ...resumers]) each.end();
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  const witness = await witnessOf(cluster.clickhouse.store, '', database);
  const judged = judgeLives(resumers, indexRows(witness));
  const replicas = compareReplicas(
    { gateways: names.map((id) => ({ id, dataDir: cluster.dataDir(id) })) },
    witness.rows,
  );
  const broken = [...brokenLaws(producers, [], witness), ...judged.broken, ...replicas.broken];
  const books = {
    acknowledged: producers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0),
    rows: witness.count,
    twice: witness.count - witness.distinctIds,
    comparedRows: replicas.rows,
    ...judged.books,
  };
  for (const [name, count] of Object.entries(books)) process.stdout.write(`  ${name.padEnd(28)}${count}\n`);
  process.stdout.write(broken.length === 0 ? 'all laws hold\n' : `BROKEN:\n  ${broken.join('\n  ')}\n`);
  process.exitCode = broken.length === 0 ? 0 : 1;
} finally {
  await cluster.stop();
  removeOld();
}
process.exit();
