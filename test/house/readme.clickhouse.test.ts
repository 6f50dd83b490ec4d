/**
 * The README's examples do what it says: they are run as printed, against a Sluice of their own.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const hasCurl = spawnSync('curl', ['--version']).status === 0;
if (!hasCurl) console.log('skipped: the README examples need curl, which is not installed');

/** The shell commands under `<!-- example: name -->`, with the address of the test's server. */
function example(name: string, url: string): string {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, command] = new RegExp(`<!-- example: ${name} -->\n\`\`\`sh\n([\\s\\S]*?)\`\`\``).exec(readme) ?? [];
  if (command === undefined) throw new Error(`The README has no example ${name}.`);
  return command.replaceAll('http://127.0.0.1:4200', url);
}

describe.skipIf(!hasCurl)('the README', () => {
  let sluice: TestSluice;
  const run = (name: string): string => execFileSync('bash', ['-c', example(name, sluice.url)], { encoding: 'utf8' });

  beforeAll(async () => {
    sluice = await startSluice();
  });
  afterAll(async () => {
    await sluice?.stop();
    removeData(sluice);
  });

  it('has examples that work as printed: send, then filter, then count', async () => {
    expect(run('send')).toMatch(/^HTTP\/1\.1 204/);
    await expect.poll(() => (JSON.parse(run('filter')) as { total: number }).total, { timeout: 20_000 }).toBe(1);
    const [event] = (JSON.parse(run('filter')) as { events: { event: string; payload: unknown }[] }).events;
    expect(event).toMatchObject({ event: 'door.opened', payload: { by: 'ann' } });
    expect(JSON.parse(run('count'))).toMatchObject([{ value: 'door.opened', count: 1 }]);
    expect(JSON.parse(run('count-top'))).toMatchObject([{ value: 'door.7', count: 1 }]);
    expect(JSON.parse(run('count-label'))).toMatchObject([{ value: 'eu', label: 'eu', count: 1 }]);
    expect(
      run('export')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([{ event: 'door.opened', payload: { by: 'ann' } }]);
  });
});
