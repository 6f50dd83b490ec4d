/**
 * The examples of docs/how-to.md do what they say: they are run as printed, against servers of their own.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';

const root = repositoryRoot();
const hasCurl = spawnSync('curl', ['--version']).status === 0;
const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.log('skipped: an example needs python3, which is not installed');
if (!hasCurl) console.log('skipped: the examples need curl, which is not installed');

function example(name: string, servers: readonly TestSluice[]): string {
  const page = readFileSync(join(root, 'docs', 'how-to.md'), 'utf8');
  const [, command] = new RegExp(`<!-- example: ${name} -->\n\`\`\`\\w+\n([\\s\\S]*?)\`\`\``).exec(page) ?? [];
  if (command === undefined) throw new Error(`The page has no example ${name}.`);
  return servers.reduce((text, { url }, at) => text.replaceAll(`127.0.0.1:${4200 + at}`, new URL(url).host), command);
}

async function totalOf({ url }: TestSluice): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/api/events/filter`, { method: 'POST', headers, body: '{"limit":0}' });
  return ((await answer.json()) as { total: number }).total; // a page
}

describe.skipIf(!hasCurl)('the ways of docs/how-to.md', () => {
  let servers: TestSluice[] = [];
  const home = mkdtempSync(join(tmpdir(), 'sluice-how-to-'));
  const shell = (name: string): string =>
    execFileSync('bash', ['-c', example(name, servers)], {
      encoding: 'utf8',
      cwd: root,
      env: { PATH: process.env['PATH'], HOME: home },
    });

  beforeAll(async () => {
    servers = [await startSluice(), await startSluice()];
  });
  afterAll(async () => {
    rmSync(home, { recursive: true, force: true });
    for (const server of servers) {
      await server.stop();
      removeData(server);
    }
  });

  it('send, from a shell and from Node; count; and move all to another server, once however often', async () => {
    const [from, to] = servers;
    if (from === undefined || to === undefined) throw new Error('no servers');
    expect(shell('send')).toBe('204\n');
    // The client from its source: no package is built while another test packs it.
    const program = example('node', servers).replace("'sluice-client'", "'./client/src/node.ts'");
    const script = ['--import', './support/run-ts.mjs', '--input-type=module', '-e', program];
    expect(execFileSync(process.execPath, script, { encoding: 'utf8', cwd: root })).toBe('100 events are durable\n');
    await expect.poll(() => totalOf(from), { timeout: 20_000 }).toBe(101);
    expect(shell('chart')).toMatch(/^event +events.*\ndoor\.closed +100 .*█+\ndoor\.opened +1 .*\n/);
    shell('move');
    shell('move');
    await expect.poll(() => totalOf(to), { timeout: 20_000 }).toBe(101);
  });

  it('follow, from where the run before has ended; and chart them by the minute', () => {
    const [first, second] = [shell('follow'), shell('follow')];
    expect([first.trim().split('\n').length, second]).toEqual([101, '']);
    expect(shell('minutes')).toMatch(/^from +events\n(\S+Z +\d+.*\n)+\n[ ▁-█]+\n101 events\n$/);
  });

  it.skipIf(!hasPython)('send from Python', async () => {
    const sent = execFileSync('python3', ['-c', example('python', servers)], { encoding: 'utf8' });
    expect(sent).toBe('204\n');
    await expect.poll(() => totalOf(servers[0]!), { timeout: 20_000 }).toBe(111);
  });
});
