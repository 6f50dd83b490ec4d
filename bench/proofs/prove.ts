/**
 * `npm run prove`: one proof on the real process. Prints its result as JSON with the machine's facts.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killEngine } from '../../support/crash/victim.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { readOptions, refuse } from '../../support/script-options.ts';
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

const script = {
  name: 'prove',
  about: `One proof on the real process. Prints its result as JSON; exit code 1 if a law is broken.
NAME is one of: ${Object.keys(proofs).join(', ')}.`,
  words: 'NAME',
  options: {
    seconds: { default: 0, says: 'how long', shown: "the proof's own time" },
    scale: { default: 1, says: 'a part of the whole, as 0.1' },
    data: { default: '', word: 'DIR', says: 'a data folder that is kept' },
    save: { default: false, says: 'writes the result to bench/results too' },
  },
};
const {
  values,
  words: [name = ''],
} = readOptions(script);
const prove = proofs[name] ?? refuse(script, `the proofs are: ${Object.keys(proofs).join(', ')}`);
const dataDir = values.data || mkdtempSync(join(tmpdir(), `sluice-prove-${name}-`));
const root = repositoryRoot();
const about = { proof: name, when: new Date().toISOString(), machine: machineFacts(root) };
try {
  const { broken, figures } = await prove({
    dataDir,
    isKept: values.data !== '',
    seconds: values.seconds === 0 ? null : values.seconds,
    scale: values.scale,
  });
  const text = `${JSON.stringify({ ...about, scale: values.scale, figures, broken }, null, 2)}\n`;
  process.stdout.write(text);
  if (values.save) {
    mkdirSync(join(root, 'bench', 'results'), { recursive: true });
    const scaled = values.scale === 1 ? name : `${name}-x${values.scale}`;
    writeFileSync(join(root, 'bench', 'results', `${about.when.slice(0, 10)}-proof-${scaled}.json`), text);
  }
  process.exitCode = broken.length === 0 ? 0 : 1;
} finally {
  killEngine(dataDir);
  if (values.data === '') rmSync(dataDir, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
}
process.exit();
