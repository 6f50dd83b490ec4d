/**
 * The process as its operator meets it: sentences for what is wrong, a clean stop in time, no orphan, and `sluice
 * adopt`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { engineOf } from '../../support/engine-process.ts';
import { eventLike, publish, untilFound } from '../../support/events.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { startSluice, type TestSluice } from '../../support/sluice.ts';
import { subscribe } from '../../support/wire-client.ts';

const stopMsMax = 10_000;
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-process-'));
  cleanups.push(() => rmSync(path, { recursive: true, force: true, maxRetries: 50, retryDelay: 200 }));
  return path;
}

async function started(dataDir = folder()): Promise<TestSluice> {
  const sluice = await startSluice({ dataDir });
  cleanups.push(async () => {
    await sluice.stop();
  });
  return sluice;
}

function run(
  words: readonly string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<{ code: number | null; output: string }> } {
  const child = spawn(process.execPath, [join(repositoryRoot(), 'dist', 'src', 'main.js'), ...words], {
    env: { PATH: process.env['PATH'], SLUICE_DATA_DIR: folder(), SLUICE_PORT: '0', SLUICE_LOG_LEVEL: 'error', ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('exit', (code) => resolve({ code, output }));
  });
  return { child, ended };
}

describe('a start that cannot go on', () => {
  it.each([
    ['an unknown setting', 1, [], { SLUICE_PROT: '1' }, 'Unknown setting SLUICE_PROT'],
    ['a bad value', 1, [], { SLUICE_PORT: 'http' }, 'SLUICE_PORT must be a whole number from 0 to 65535, not "http"'],
    ['an unknown flag', 2, ['--prot', '1'], {}, 'Unknown flag --prot'],
    ['a flag without its value', 2, ['--port'], {}, 'The flag --port needs a value'],
    ['a bad ClickHouse URL', 1, [], { CLICKHOUSE_URL: 'nonsense' }, 'CLICKHOUSE_URL'],
  ])('says why of %s in one sentence and exits with %i', async (_, exitCode, words, env, sentence) => {
    const { code, output } = await run(words, env as Record<string, string>).ended;
    expect(code).toBe(exitCode);
    expect(output).toContain(sentence);
    expect(output).not.toContain('    at ');
  });

  it('says who holds the data folder, and which port is taken', async () => {
    const sluice = await started();
    const held = await run([], { SLUICE_DATA_DIR: sluice.dataDir }).ended;
    expect(held).toMatchObject({ code: 1, output: expect.stringContaining(`${sluice.pid}`) });
    const port = new URL(sluice.url).port;
    const taken = await run([], { SLUICE_PORT: port }).ended;
    expect(taken).toMatchObject({ code: 1, output: expect.stringContaining(port) });
  });

  it('is never the case for --help, which lists every setting', async () => {
    const { code, output } = await run(['--help']).ended;
    expect(code).toBe(0);
    expect(output).toContain('--journal-budget-bytes-max');
  });
});

describe('SIGTERM', () => {
  it('ends sockets with 1012, then the engine, then the process with 0, within ten seconds', async () => {
    const sluice = await started();
    const subscriber = await subscribe({ baseUrl: () => sluice.url, strict: true }, {});
    const began = Date.now();
    const code = sluice.stop();
    expect(await subscriber.untilClosed()).toMatchObject({ code: 1012 });
    expect(await code).toBe(0);
    expect(Date.now() - began).toBeLessThan(stopMsMax);
    expect(engineOf(sluice.dataDir)).toBeNull();
  });

  it('does so with a hung engine too, and the journal keeps what it did not take', async () => {
    const sluice = await started();
    const target = { baseUrl: () => sluice.url, strict: true };
    process.kill(engineOf(sluice.dataDir)!, 'SIGSTOP');
    await publish(target, [eventLike({ event: 'kept.one' })]);
    const began = Date.now();
    expect(await sluice.stop()).toBe(0);
    expect(Date.now() - began).toBeLessThan(stopMsMax);
    expect(engineOf(sluice.dataDir)).toBeNull();
    const again = await started(sluice.dataDir);
    await untilFound({ baseUrl: () => again.url, strict: true }, { event: { name: ['kept.one'] } }, 1);
  });

  it('a second time ends the process at once', async () => {
    const sluice = await started();
    process.kill(engineOf(sluice.dataDir)!, 'SIGSTOP');
    const began = Date.now();
    process.kill(sluice.pid, 'SIGTERM');
    await until('a second has passed', () => Date.now() - began > 1_000 || undefined);
    process.kill(sluice.pid, 'SIGTERM');
    await until('the process is gone', () => !isAlive(sluice.pid) || undefined);
    expect(Date.now() - began).toBeLessThan(3_000);
    process.kill(engineOf(sluice.dataDir) ?? sluice.pid, 'SIGKILL');
  });
});

describe('sluice adopt', () => {
  it('is named where a database belongs to another data folder, and takes it over with its events', async () => {
    const first = await started();
    await publish({ baseUrl: () => first.url, strict: true }, [eventLike({ event: 'adopted.one' })]);
    await untilFound({ baseUrl: () => first.url, strict: true }, { event: { name: ['adopted.one'] } }, 1);
    await first.stop();
    // An owner counts as alive for 30 s after its last heartbeat.
    const heartbeatOldAt = Date.now() + 31_000;
    const other = folder();
    execFileSync('cp', ['-r', join(first.dataDir, 'clickhouse'), other]);

    const refused = run([], { SLUICE_DATA_DIR: other, SLUICE_LOG_LEVEL: 'info' });
    let text = '';
    refused.child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await until('the sentence is logged', () => text.includes('sluice adopt') || undefined, 30_000);
    refused.child.kill('SIGTERM');
    await refused.ended;

    await until('the heartbeat of the first is old', () => Date.now() > heartbeatOldAt || undefined, 60_000);
    const adopted = await run(['adopt'], { SLUICE_DATA_DIR: other }).ended;
    expect(adopted).toMatchObject({ code: 0, output: expect.stringContaining('Adopted') });
    const second = await started(other);
    await publish({ baseUrl: () => second.url, strict: true }, [eventLike({ event: 'adopted.one' })]);
    await untilFound({ baseUrl: () => second.url, strict: true }, { event: { name: ['adopted.one'] } }, 2);
  }, 150_000);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
