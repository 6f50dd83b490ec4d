/**
 * The published shape: what `npm pack` makes is installed by a fresh project, runs there, types there, and is small.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installNode } from '../../support/peers/nodes.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'sluice-package-'));
const installed = join(folder, 'node_modules', 'sluice-client');
const browserBytesMax = 12_000;
const root = repositoryRoot();
const authString = 'geheim:ü';
let server: TestSluice;

beforeAll(async () => {
  server = await startSluice({ env: { SLUICE_AUTH_STRING: authString, SLUICE_FLUSH_MS: '50' } });
  const { stdout } = await run('npm', ['pack', '-w', 'client', '--json', '--pack-destination', folder], { cwd: root });
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ readonly filename: string }];
  copyFileSync(new URL('node-program.mjs', import.meta.url), join(folder, 'node-program.mjs'));
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${filename}`], { cwd: folder });
}, 120_000);
afterAll(async () => {
  await server?.stop();
  removeData(server);
  rmSync(folder, { recursive: true, force: true });
});

const nodes = await Promise.all([20, 22, 24].map(async (major) => ({ major, node: await installNode(root, major) })));
for (const { major, node } of nodes) {
  if (!node.found) {
    it.skip(node.sentence, () => undefined);
    continue;
  }
  it.each(['ws', 'own'])(`publishes and receives in Node ${major}, with the WebSocket: %s`, async (socket) => {
    const checkpoint = join(folder, `checkpoint-${major}-${socket}`);
    const words = ['node-program.mjs', server.url, authString, checkpoint, socket];
    const { stdout } = await run(node.binary, words, { cwd: folder });
    // Node 20 has no WebSocket of its own.
    expect(stdout).toBe(major === 20 && socket === 'own' ? 'none\n' : 'ok\n');
  });
}

it('has no dependency, and its notices with it', () => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  expect([dependencies, peerDependencies]).toEqual([undefined, undefined]);
  expect(readFileSync(join(installed, 'NOTICE'), 'utf8')).toMatch(/ws[\s\S]*Copyright/);
  expect(readFileSync(join(installed, 'README.md'), 'utf8')).toContain('npm');
});

it.each([
  ['nodenext', '"node"', ['es2023', 'esnext.disposable']],
  ['bundler', '', ['es2023', 'esnext.disposable', 'dom']],
])('has types that a strict project takes, resolved by %s', async (resolution, types, lib) => {
  const program = `
    import { from } from 'rxjs';
    import { connect, where, type Message, GapError } from 'sluice-client';
    const sluice = connect({ url: ['http://a', 'http://b'], token: async () => 'x' });
    export async function main(): Promise<void> {
      for await (const message of sluice.subscribe({ filter: where().resource({ region: ['eu'] }).filter, from: '10m' })) {
        if (message.type === 'event') console.log(message.event.resource['x'], message.text, message.checkpoint);
      }
      const values: Message[] = [];
      sluice.observe().subscribe((message) => values.push(message)).unsubscribe();
      from(sluice.observe()).subscribe((message) => values.push(message));
      // @ts-expect-error: no part of a filter
      sluice.query({ evnt: {} });
      const error: unknown = null;
      if (error instanceof GapError) console.log(error.checkpoint);
    }
  `;
  writeFileSync(join(folder, 'typed.ts'), program);
  const config = {
    compilerOptions: {
      ...{ strict: true, noEmit: true, target: 'es2022', lib, skipLibCheck: resolution === 'nodenext' },
      ...{ module: resolution === 'bundler' ? 'esnext' : 'nodenext', moduleResolution: resolution },
      ...(resolution === 'bundler' && { customConditions: ['browser'] }),
      paths: { rxjs: [join(root, 'node_modules', 'rxjs', 'dist', 'types', 'index.d.ts')] },
      ...{ types: types === '' ? [] : ['node'], typeRoots: [join(root, 'node_modules', '@types')] },
    },
    files: ['typed.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error);
  expect(stdout).toBe('');
});

it(`has a browser build of at most ${browserBytesMax} bytes, minified and gzipped, that asks nothing of Node`, () => {
  const text = readFileSync(join(installed, 'dist', 'browser.js'));
  expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(browserBytesMax);
  expect(text.toString()).not.toMatch(/node:|\brequire\(|\bprocess\.|\bBuffer\b/);
});
