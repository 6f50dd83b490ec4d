/**
 * The same events in Sluice and in the real Prefect, the same questions over HTTP, in turns: how many times as fast.
 * Prefect's SQLite is filled by its own models, for over its API a million events take half an hour and some are lost.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPrefect, launchPrefect, type PrefectInstall, prefectEnvironment } from '../../support/peers/prefect.ts';
import { launchSluice } from '../../support/peers/sluice.ts';
import { type EventSet, firstSeq } from '../load/generate-events.ts';
import { ensureSet, setEnvironment, withStore } from '../load/generate-set.ts';
import { childrenOf } from '../machine.ts';
import { type BenchTarget, round } from '../target.ts';
import { lookup, post, type Question, quantile, questionsOf, type ScaleOptions } from './scale.ts';

/** How many times as fast at least; none may be slower. What is asked of a related page holds of each of them. */
const factorOf: Readonly<Record<string, number>> = {
  'count-by day': 100,
  'count-by hour': 100,
  'count-by event': 50,
  'count-by resource': 30,
  'page 1 and total, label': 150,
  'page 1 and total, related': 15,
  'page 1 and total, related, one in 50': 15,
  'page 1 and total, related, one in 8': 15,
};
const factorMin = 1;
/** So many that the code of both is warm in most of them. */
const turns = 25;
/** Prefect takes seconds for some questions. */
const turnsSlow = 3;
const slowMs = 1_000;
const linesOfRead = 20_000;

export async function besidePrefect(root: string, { events, dataDir }: ScaleOptions): Promise<object> {
  const install = await installPrefect(root);
  if (!install.found) return { skipped: install.sentence };
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'sluice-beside-prefect-'));
  const ours = join(folder, 'sluice');
  const home = join(folder, 'prefect');
  const spanSeconds = 7 * 86_400;
  const startSeconds = Math.floor(Date.now() / 3_600_000) * 3_600 - spanSeconds;
  try {
    const { set } = await ensureSet(root, ours, () => ({ events, resources: 5_000, startSeconds, spanSeconds }));
    const filledSeconds = await fillPrefect(root, install, home, ours, set);
    const sluice = await launchSluice({ root, dataDir: ours, env: setEnvironment });
    const [enginePid] = childrenOf(sluice.pid, 'engine-child');
    const prefect = await launchPrefect(install, { home });
    try {
      const target = {
        name: 'sluice',
        url: sluice.url,
        pid: sluice.pid,
        isPeer: false,
        ...(enginePid && { enginePid }),
      };
      const peer = { name: 'prefect', url: prefect.url, pid: prefect.pid, isPeer: true };
      return { set, filledSeconds, questions: await compare(target, peer, set) };
    } finally {
      await prefect.stop();
      await sluice.stop();
    }
  } finally {
    if (dataDir === null) rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

async function compare(sluice: BenchTarget, prefect: BenchTarget, set: EventSet): Promise<object> {
  const questions: Record<string, Omit<Question, 'targetMs'>> = {
    ...questionsOf(set),
    'id lookup': await lookup(sluice, set),
  };
  const results: Record<string, unknown> = {};
  for (const [name, { path, body }] of Object.entries(questions)) {
    const [ourText, theirText] = [(await post(sluice, path, body)).text, (await post(prefect, path, body)).text];
    const times: Record<'sluice' | 'prefect', number[]> = { sluice: [], prefect: [] };
    for (let turn = 0; turn < (Math.max(...times.prefect) > slowMs ? turnsSlow : turns); turn += 1) {
      const pair = [
        async () => times.sluice.push((await post(sluice, path, body)).ms),
        async () => times.prefect.push((await post(prefect, path, body)).ms),
      ];
      for (const one of turn % 2 === 0 ? pair : pair.toReversed()) await one();
    }
    const [ourMs, theirMs] = [quantile(times.sluice, 0.5), quantile(times.prefect, 0.5)];
    const factor = round(theirMs / ourMs, 1);
    const factorTarget = factorOf[name] ?? factorMin;
    const isSame = numbersOf(ourText) === numbersOf(theirText);
    results[name] = {
      sluiceMs: ourMs,
      prefectMs: theirMs,
      factor,
      factorTarget,
      within: factor >= factorTarget,
      isSame,
    };
    process.stderr.write(`  ${name}: ${ourMs} and ${theirMs} ms, ${factor} times\n`);
  }
  return results;
}

/** What both must say alike: the total of a page, the counts of groups in any order. */
function numbersOf(text: string): string {
  const answer = JSON.parse(text) as { total: number } | { count: number; value: string }[]; // the API's answers
  if (!Array.isArray(answer)) return String(answer.total);
  return answer
    .map(({ value, count }) => `${value} ${count}`)
    .toSorted()
    .join('\n');
}

/** Null if it was filled before. */
async function fillPrefect(
  root: string,
  install: PrefectInstall & { found: true },
  home: string,
  ours: string,
  set: EventSet,
): Promise<number | null> {
  const marker = join(home, 'filled');
  if (existsSync(marker)) return null;
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const start = performance.now();
  const filler = spawn(install.python, [join(root, 'bench', 'peers', 'fill-prefect.py')], {
    env: prefectEnvironment(install, home),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  filler.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => filler.once('close', resolve));
  await withStore(ours, async (store) => {
    for (let from = firstSeq(set); from < firstSeq(set) + set.events; from += linesOfRead) {
      const sql = 'SELECT raw FROM events WHERE seq >= {from:UInt64} AND seq < {to:UInt64} ORDER BY seq';
      for await (const block of store.blocks(sql, { from, to: from + linesOfRead })) {
        if (!filler.stdin.write(block)) await new Promise((resolve) => filler.stdin.once('drain', resolve));
      }
    }
  });
  filler.stdin.end();
  const code = await ended;
  if (code !== 0 || Number(output) !== set.events)
    throw new Error(`Prefect was filled with ${output} events (${code}).`);
  writeFileSync(marker, '');
  return round((performance.now() - start) / 1000, 1);
}
