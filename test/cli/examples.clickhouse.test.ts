/** The examples of docs/COMMAND-LINE.md, run as printed, top to bottom, against a server of their own. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { program } from '../../support/command-line.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-examples-'));
const page = readFileSync(join(repositoryRoot(), 'docs', 'COMMAND-LINE.md'), 'utf8');
const blocks = [...page.matchAll(/<!-- example: (\w+) -->\n```sh\n([\s\S]*?)```/g)];
const examples = blocks.flatMap(([, name = '', text = '']) =>
  text
    .trim()
    .split('\n')
    .map((line) => [name, line] as const),
);
let sluice: TestSluice;

const run = (line: string): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } =>
  spawnSync('bash', ['--norc', '-c', `set -o pipefail; ${line}`], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: `${folder}:${process.env['PATH']}`, HOME: '/nonexistent', SLUICE_URL: sluice.url },
  });

beforeAll(async () => {
  sluice = await startSluice();
  writeFileSync(join(folder, 'sluice'), `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`);
  chmodSync(join(folder, 'sluice'), 0o755);
});
afterAll(async () => {
  await sluice?.stop();
  removeData(sluice);
  rmSync(folder, { recursive: true, force: true });
});

it('are there for each thing one does', () => {
  expect(blocks.map(([, name]) => name)).toEqual(['send', 'follow', 'query', 'count', 'export', 'replay', 'look']);
});

it.each(examples)('of %s: %s', async (name, line) => {
  if (name !== 'send')
    await until('what was sent can be queried', () => run('sluice query | wc -l').stdout.trim() === '2' || undefined);
  const { status, stdout, stderr } = run(line);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const isSilent = line.includes('--out ') || line.includes('emit -');
  expect(stdout === '').toBe(isSilent);
});
