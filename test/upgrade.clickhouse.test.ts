/**
 * A data folder that an older Sluice wrote goes on under this one, with all that was in it, and with the tokens that it gave out (I1, I3,
 * I7, I8, I11). The fixture was made by commit adf93c5: 120 events in its embedded engine, then 60 more that were acknowledged while the
 * engine stood still, a range of them under way, and kill -9.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../bench/peers/sluice.ts';
import { currentBootId } from '../src/journal/boot-file.ts';
import { pageOf, publish, query, type Sent, untilFound } from './support/events.ts';
import { post, send } from './support/http.ts';
import { startSluice } from './support/sluice.ts';
import { subscribe } from './support/websocket.ts';

interface Fixture {
  readonly stored: number;
  readonly waiting: number;
  readonly pageToken: string;
  readonly resume: { readonly token: string; readonly position: string };
}

const fixtures = new URL('./fixtures/upgrade/', import.meta.url);
const fixture = JSON.parse(readFileSync(new URL('data-folder-adf93c5.json', fixtures), 'utf8')) as Fixture; // as it was made
const all = fixture.stored + fixture.waiting;
/** As it ran then; its events must not expire from the test. */
const env = { SLUICE_RETENTION_DAYS: '25000' };
const filter = { event: { prefix: ['fixture.'] }, occurred: { since: '2026-11-28T00:00:00Z' } };

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});

function unpacked(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-upgrade-'));
  folders.push(folder);
  execFileSync('tar', ['xzf', new URL('data-folder-adf93c5.tgz', fixtures).pathname, '-C', folder]);
  return join(folder, 'data');
}

const idOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const allIds = Array.from({ length: all }, (_, at) => idOf(at + 1));

describe('a data folder of an older Sluice', () => {
  it.each(['was killed', 'lost its power'] as const)('that %s goes on with all its events, each once', async (how) => {
    const dataDir = unpacked();
    const boot = join(dataDir, 'boot');
    // The machine of the fixture is another one: unless it says otherwise, its power was cut.
    if (how === 'was killed') {
      writeFileSync(boot, JSON.stringify({ ...JSON.parse(readFileSync(boot, 'utf8')), bootId: currentBootId() }));
    }
    const sluice = await startSluice({ dataDir, env });
    const target = { baseUrl: () => sluice.url, strict: true };
    try {
      await untilFound(target, filter, all);
      const exported = await post(target, '/api/events/export', { filter });
      const events = exported.text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Sent & { readonly id: string });
      expect(events.map(({ id }) => id).sort()).toEqual(allIds);

      const next = await send(target, { path: `/api/events/filter/next?page-token=${fixture.pageToken}` });
      expect(pageOf(next)).toMatchObject({ total: fixture.stored, events: { length: 50 } });

      const resumed = await subscribe(target, { event: { prefix: ['fixture.'] } }, { resume: fixture.resume });
      const frames: { type: string; event?: { id: string } }[] = [];
      while (frames.filter(({ type }) => type === 'event').length < fixture.waiting) {
        frames.push(JSON.parse(await resumed.next()));
      }
      expect(frames.flatMap(({ event }) => event?.id ?? []).sort()).toEqual(allIds.slice(fixture.stored));
      await resumed.close();

      await publish(target, events); // as they were answered
      await publish(target, [{ ...events[0], id: idOf(9_999), event: 'fixture.new' }]);
      await untilFound(target, filter, all + 1);
      expect((await query(target, filter)).total).toBe(all + 1);
    } finally {
      expect(await sluice.stop()).toBe(0);
    }
    const main = join(repositoryRoot(), 'dist', 'src', 'main.js');
    const verdict = execFileSync(process.execPath, [main, 'verify', '--data-dir', dataDir, '--log-level', 'error'], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...env },
    });
    expect(verdict).toContain('The books balance.');
  });
});
