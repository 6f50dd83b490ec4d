/**
 * Every command's help and what it is mostly called for, on pipes and on a pseudo-terminal of 80 columns, with colours
 * and without.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandRows } from '../../cli/command-table.ts';
import { type CommandResult, hasTerminal, runCommand } from '../../support/command-line.ts';
import { eventLike, publish } from '../../support/events.ts';
import { listenHere } from '../../support/free-port.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-everywhere-'));
const columns = 80;
const id = '0b5f3cde-7a52-4f8b-9a5a-6f0a4c0f2d11';
const escapeCode = '\u001b';
/** Colours and weights; what moves the cursor is another matter. */
const colours = new RegExp(`${escapeCode}\\[[\\d;]*m`);
let sluice: TestSluice;
let hook: Server;
let hookUrl: string;
let count = 0;

beforeAll(async () => {
  sluice = await startSluice();
  hook = createServer((request, response) => request.resume().once('end', () => response.writeHead(204).end()));
  hookUrl = `http://127.0.0.1:${await listenHere(hook)}/hook`;
  await publish({ baseUrl: () => sluice.url, strict: true }, [
    eventLike({ id, event: 'door.opened', resource: { 'prefect.resource.id': 'door.7', region: 'eu' } }),
  ]);
  writeFileSync(join(folder, 'doors.ndjson'), '{"event":"door.closed","resource":{"prefect.resource.id":"door.7"}}\n');
  await until('it can be queried', async () => (await run(['get', id])).code === 0 || undefined);
});
afterAll(async () => {
  hook?.close();
  await sluice?.stop();
  removeData(sluice);
  rmSync(folder, { recursive: true, force: true });
});

const run = (words: readonly string[], how: { columns?: number; env?: Record<string, string> } = {}) =>
  runCommand(words, { cwd: folder, ...how, env: { SLUICE_URL: sluice.url, ...machine, ...how.env } });

/** A file that no run before has written. */
const fresh = (name: string): string => {
  count += 1;
  return join(folder, `${count}.${name}`);
};

/** Of this machine, as `serve` would see it: doctor looks at them. */
const machine = { SLUICE_DATA_DIR: folder, SLUICE_PORT: '0', SLUICE_SOCKETS_MAX: '10' };

const calls: readonly [name: string, words: () => readonly string[]][] = [
  ['tail', () => ['tail', 'event:door.*', '--since', '10m', '--until-caught-up']],
  ['emit', () => ['emit', 'door.rung', '-r', 'door.7', '--payload', '{"by":"ann"}']],
  ['query', () => ['query', 'event:door.*', 'region=eu', '--since', '1h']],
  ['get', () => ['get', id]],
  ['count', () => ['count', 'time', '--by', '1h', '--since', '1d']],
  ['export', () => ['export', 'event:door.*', '--since', '7d', '--out', fresh('ndjson')]],
  ['import', () => ['import', join(folder, 'doors.ndjson')]],
  ['replay', () => ['replay', 'event:door.*', '--to', sluice.url, '--dry-run']],
  ['forward', () => ['forward', 'event:door.*', '--to', hookUrl, '--checkpoint', fresh('at'), '--until-caught-up']],
  ['top', () => ['top', '--once', '--every', '1s']],
  ['doctor', () => ['doctor']],
  ['completion', () => ['completion', 'bash']],
];

/** A progress bar draws over itself: each move of the cursor begins anew. */
const moves = new RegExp(`\\r?\\n|\\r|${escapeCode}\\[[\\d;?]*[A-Za-z]`);

function widest(text: string): number {
  return Math.max(...text.split(moves).map((line) => [...line].length));
}

function printed({ stdout, stderr }: CommandResult): string {
  return stdout + stderr;
}

describe('the help of', () => {
  it.each(commandRows.map(({ name }) => name))('%s is plain text on a pipe, and fits a terminal', async (name) => {
    const piped = await runCommand([name, '--help']);
    expect([piped.code, piped.stderr, piped.stdout.includes(escapeCode)]).toEqual([0, '', false]);
    if (!hasTerminal) return;
    const shown = await runCommand([name, '--help'], { columns });
    expect(shown.code).toBe(0);
    expect(shown.stdout.replaceAll('\r\n', '\n')).toBe(piped.stdout);
  });
});

describe('the main call of', () => {
  it.each(calls)('%s writes no escape sequence to a pipe', async (_, words) => {
    const result = await run(words());
    expect([result.code, printed(result).includes(escapeCode)]).toEqual([0, false]);
  });

  it.skipIf(!hasTerminal).each(calls)(
    '%s is without colours on a terminal with NO_COLOR, and fits it',
    async (name, words) => {
      const shown = await run(words(), { columns, env: { NO_COLOR: '1' } });
      expect([shown.code, colours.test(shown.stdout)]).toEqual([0, false]);
      // A completion is a program, and what `get` shows is whole.
      if (!['completion', 'get'].includes(name)) expect(widest(shown.stdout)).toBeLessThanOrEqual(columns);
    },
  );

  it.skipIf(!hasTerminal).each(['query', 'count'])('%s has colours on a terminal', async (name) => {
    const [, words] = calls.find(([each]) => each === name) ?? ['', () => []];
    expect((await run(words(), { columns })).stdout).toMatch(colours);
  });
});
