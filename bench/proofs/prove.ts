/**
 * npm run prove -- NAME [--seconds N] [--scale 0.1] [--data DIR] [--save]: one proof on the real process. Prints its
 * result as JSON with the machine's facts, with --save into bench/results too, and ends with 1 if a law is broken.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killEngine } from '../../support/crash/victim.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { machineFacts } from '../machine.ts';
import { backfills } from './backfills.ts';
import { churn } from './churn.ts';
import { outage } from './outage.ts';
import type { Prove } from './proof.ts';
import { resends } from './resends.ts';
import { resumeDay } from './resume-day.ts';
import { slowPairs, slowReaders } from './slow-readers.ts';
import { storm } from './storm.ts';

/** By their names; see each file's header. */
const proofs: Readonly<Record<string, Prove>> = {
  'slow-readers': slowReaders,
  'slow-pairs': slowPairs,
  churn,
  'resume-day': resumeDay,
  storm,
  resends,
  outage,
  backfills,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    scale: { type: 'string', default: '1' },
    data: { type: 'string' },
    save: { type: 'boolean', default: false },
  },
});
const [name = ''] = positionals;
const prove = proofs[name];
if (prove === undefined) {
  process.stderr.write(
    `npm run prove -- NAME [--seconds N] [--scale S] [--save], of: ${Object.keys(proofs).join(', ')}\n`,
  );
  process.exit(2);
}
const dataDir = values.data ?? mkdtempSync(join(tmpdir(), `sluice-prove-${name}-`));
const root = repositoryRoot();
const about = { proof: name, when: new Date().toISOString(), machine: machineFacts(root) };
try {
  const { broken, figures } = await prove({
    dataDir,
    isKept: values.data !== undefined,
    seconds: values.seconds === undefined ? null : Number(values.seconds),
    scale: Number(values.scale),
  });
  const text = `${JSON.stringify({ ...about, scale: Number(values.scale), figures, broken }, null, 2)}\n`;
  process.stdout.write(text);
  if (values.save) {
    mkdirSync(join(root, 'bench', 'results'), { recursive: true });
    const scaled = values.scale === '1' ? name : `${name}-x${values.scale}`;
    writeFileSync(join(root, 'bench', 'results', `${about.when.slice(0, 10)}-proof-${scaled}.json`), text);
  }
  process.exitCode = broken.length === 0 ? 0 : 1;
} finally {
  killEngine(dataDir);
  if (values.data === undefined) rmSync(dataDir, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
}
process.exit();
