/**
 * docs/backup.md: a copy of a stopped data folder serves all that was in it (I1, I8), and a copy that is older than its
 * database says so, takes nothing in, and goes on after `sluice adopt`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { eventLike, publish, type Sent, untilFound } from '../../support/events.ts';
import { commandOn } from '../../support/old-folder.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';

const filter = { event: { prefix: ['backup.'] } };
const eventsOf = (name: string, count: number): Sent[] =>
  Array.from({ length: count }, () => eventLike({ event: `backup.${name}` }));
const targetOf = ({ url }: TestSluice) => ({ baseUrl: () => url, strict: true });

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});

function copyOf(dataDir: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'sluice-backup-'));
  folders.push(copy);
  // `cp -a`, without the socket of the lock.
  cpSync(dataDir, copy, { recursive: true, filter: (source) => !source.endsWith('LOCK.socket') });
  return copy;
}

describe('a copy of a stopped data folder', () => {
  it('serves all that was in it, and takes what was in it for repeats', async () => {
    const events = eventsOf('before', 20);
    const first = await startSluice();
    await publish(targetOf(first), events);
    await untilFound(targetOf(first), filter, 20);
    await first.stop();
    const copy = copyOf(first.dataDir);
    removeData(first);
    const second = await startSluice({ dataDir: copy });
    try {
      await untilFound(targetOf(second), filter, 20);
      await publish(targetOf(second), [...events, ...eventsOf('after', 5)]);
      await untilFound(targetOf(second), filter, 25);
    } finally {
      expect(await second.stop()).toBe(0);
    }
  });

  it('that is older than its database takes nothing in, and goes on after `sluice adopt`', async () => {
    const first = await startSluice();
    await publish(targetOf(first), eventsOf('before', 20));
    await untilFound(targetOf(first), filter, 20);
    await first.stop();
    const copy = copyOf(first.dataDir);
    const again = await startSluice({ dataDir: first.dataDir });
    await publish(targetOf(again), eventsOf('newer', 7));
    await untilFound(targetOf(again), filter, 27);
    await again.stop();
    rmSync(join(copy, 'clickhouse'), { recursive: true });
    cpSync(join(first.dataDir, 'clickhouse'), join(copy, 'clickhouse'), { recursive: true });
    removeData(first);

    expect(await refusalOf(copy)).toContain('the data folder is older than the database');
    expect(commandOn(copy, 'adopt')).toContain('Adopted');
    const second = await startSluice({ dataDir: copy });
    try {
      await untilFound(targetOf(second), filter, 27);
      await publish(targetOf(second), eventsOf('after', 5));
      await untilFound(targetOf(second), filter, 32);
    } finally {
      expect(await second.stop()).toBe(0);
    }
  }, 180_000);
});

/** Why a start on this folder takes nothing in. */
async function refusalOf(dataDir: string): Promise<string> {
  const main = join(repositoryRoot(), 'dist', 'src', 'main.js');
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'], SLUICE_DATA_DIR: dataDir, SLUICE_PORT: '0' },
  });
  const ended = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  try {
    return await until('the start says why', () => (output.includes('older than the database') ? output : undefined));
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}
