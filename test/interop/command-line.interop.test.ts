/** The command line against a real Prefect server: what its API can do works, and what it cannot is said. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, startCommand } from '../../support/command-line.ts';
import { installPrefect, launchPrefect } from '../../support/peers/prefect.ts';
import type { ServerProcess } from '../../support/peers/server-process.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';

const install = await installPrefect(repositoryRoot());
const startMs = 120_000;

describe('the command line against a real Prefect', () => {
  if (!install.found) {
    it.skip(install.sentence, () => undefined);
    return;
  }
  let prefect: ServerProcess;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-prefect-'));
  const ask = (words: readonly string[], input = '') => runCommand(words, { input, env: { SLUICE_URL: prefect.url } });

  beforeAll(async () => {
    prefect = await launchPrefect(install);
  }, startMs);
  afterAll(async () => {
    await prefect?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('emits, queries, counts and gets', async () => {
    const one = await ask(['emit', 'door.opened', '-r', 'door.7', '-l', 'region=eu', '--payload', '{"by":"ann"}']);
    expect(one.code).toBe(0);
    const line = '{"event":"door.closed","resource":{"prefect.resource.id":"door.7"}}\n';
    expect(await ask(['emit', '-'], line.repeat(60))).toMatchObject({ code: 0, stdout: '' });
    const all = await until('all can be queried', async () => {
      const { stdout } = await ask(['query', 'event:door.*', '--all', '-t', '{event}']);
      const names = stdout.split('\n').filter((name) => name !== '');
      return names.length === 61 ? names : undefined;
    });
    expect(all.filter((name) => name === 'door.opened')).toHaveLength(1);
    expect((await ask(['get', one.stdout.trim()])).stdout).toContain('"by": "ann"');
    expect((await ask(['count', 'event', 'event:door.*'])).stdout).toMatch(/\ndoor\.closed +60 +98\.4 %/);
    expect((await ask(['count', 'event', 'event:door.*', '--top', '1'])).stdout).not.toContain('door.opened');
    expect((await ask(['count', 'time', 'event:door.*', '--since', '1h', '-o', 'json'])).code).toBe(0);
  });

  it('exports page by page, and says that it does', async () => {
    const path = join(folder, 'doors.ndjson');
    const { code, stderr } = await ask(['export', 'event:door.*', '--out', path]);
    expect(code).toBe(0);
    expect(stderr).toContain('has no exports: it is asked page by page');
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(61);
  });

  it('follows, and says that there are no positions', async () => {
    const running = startCommand(['tail', 'event:late.*', '-t', '{event}'], { env: { SLUICE_URL: prefect.url } });
    await until('it says so', () => running.stderr().includes('no positions') || undefined);
    await until('an event comes', async () => {
      await ask(['emit', 'late.one', '-r', 'door.7']);
      return running.stdout().includes('late.one') || undefined;
    });
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(0);
  });

  it('says what cannot be', async () => {
    expect(await ask(['count', 'label:region'])).toMatchObject({
      code: 1,
      stderr: 'sluice: This server cannot count by labels: only a Sluice can.\n',
    });
    const top = await ask(['top']);
    expect(top.code).toBe(1);
    expect(top.stderr).toContain('`top` needs a Sluice');
  });
});
