/** The examples of client/README.md, run as one program as printed; only what goes on for ever ends after one turn. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';

const root = repositoryRoot();
const folder = mkdtempSync(join(tmpdir(), 'sluice-client-readme-'));
let server: TestSluice;

beforeAll(async () => {
  server = await startSluice();
});
afterAll(async () => {
  await server?.stop();
  removeData(server);
  rmSync(folder, { recursive: true, force: true });
});

/** What a reader has of their own. */
const own = `
  const event = { event: 'door.closed', resource: { 'prefect.resource.id': 'door.2', region: 'eu' } };
  const handled = [];
  const [handle, draw, write] = [(each) => handled.push(each.event), (counts) => handled.push(counts.length), () => {}];
`;

it('work as printed', () => {
  const page = readFileSync(join(root, 'client', 'README.md'), 'utf8');
  const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  expect(blocks).toHaveLength(4);
  const [connecting = '', ...rest] = blocks;
  const program = [connecting, own, ...rest, 'console.log(JSON.stringify(handled));']
    .join('\n')
    .replace("'sluice-client'", `'${root}/client/src/node.ts'`)
    .replaceAll('http://127.0.0.1:4200', server.url)
    .replaceAll(/((?:await handle|draw)\(.*?\);)/g, '{ $1 break; }');
  const words = ['--import', join(root, 'support', 'run-ts.mjs'), '--input-type=module', '-e', program];
  const said = execFileSync(process.execPath, words, { encoding: 'utf8', cwd: folder, timeout: 50_000 });
  expect(said.trim().split('\n').at(-1)).toMatch(/^\["door\.closed",\d\]$/);
});
