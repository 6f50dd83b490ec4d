/** The published shape: what `npm pack` makes is installed by a fresh project, runs there, types there, and is small. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serverOfEachTest } from '../../support/fake-server.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'sluice-package-'));
const installed = join(folder, 'node_modules', 'sluice-client');
const browserBytesMax = 12_000;
const each = serverOfEachTest();

beforeAll(async () => {
  const root = repositoryRoot();
  const { stdout } = await run('npm', ['pack', '-w', 'client', '--json', '--pack-destination', folder], { cwd: root });
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ readonly filename: string }];
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${filename}`], { cwd: folder });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('runs in Node without a dependency', async () => {
  const port = await each.start({ authString: 'secret' });
  const program = `
    import { connect, where } from 'sluice-client';
    const sluice = connect({ url: 'http://127.0.0.1:${port}', token: 'secret' });
    const publisher = sluice.publisher();
    for (let nth = 0; nth < 100; nth += 1) {
      publisher.enqueue({ event: 'door.opened', resource: { 'prefect.resource.id': 'door.1' }, payload: { nth } });
    }
    await publisher.close();
    console.log(publisher.status.promise, await sluice.query(where().event('door.*').filter).total());
  `;
  writeFileSync(join(folder, 'main.mjs'), program);
  const { stdout } = await run(process.execPath, ['main.mjs'], { cwd: folder });
  expect(stdout).toBe('durable 0\n');
  expect(each.server.messages.length).toBe(100);
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  expect([dependencies, peerDependencies]).toEqual([undefined, undefined]);
  expect(readFileSync(join(installed, 'NOTICE'), 'utf8')).toMatch(/ws[\s\S]*Copyright/);
  expect(readFileSync(join(installed, 'README.md'), 'utf8')).toContain('npm');
});

it.each([
  ['nodenext', '"node"', ['es2023', 'esnext.disposable']],
  ['bundler', '', ['es2023', 'esnext.disposable', 'dom']],
])('has types that a strict project takes, resolved by %s', async (resolution, types, lib) => {
  await each.start();
  const program = `
    import { connect, where, type Message, GapError } from 'sluice-client';
    const sluice = connect({ url: ['http://a', 'http://b'], token: async () => 'x' });
    export async function main(): Promise<void> {
      for await (const message of sluice.subscribe({ filter: where().resource({ region: ['eu'] }).filter, from: '10m' })) {
        if (message.type === 'event') console.log(message.event.resource['x'], message.text, message.checkpoint);
      }
      const values: Message[] = [];
      sluice.observe().subscribe((message) => values.push(message)).unsubscribe();
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
      ...{ types: types === '' ? [] : ['node'], typeRoots: [join(repositoryRoot(), 'node_modules', '@types')] },
    },
    files: ['typed.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(repositoryRoot(), 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error);
  expect(stdout).toBe('');
});

it(`has a browser build of at most ${browserBytesMax} bytes, minified and gzipped, that asks nothing of Node`, async () => {
  await each.start();
  const text = readFileSync(join(installed, 'dist', 'browser.js'));
  expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(browserBytesMax);
  expect(text.toString()).not.toMatch(/node:|\brequire\(|\bprocess\.|\bBuffer\b/);
});
