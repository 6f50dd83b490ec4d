/**
 * The log neither holds up nor ends the process, whatever stands behind stderr (I4): a full disk, a closed pipe, a
 * reader that stands still.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sluice-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Result {
  readonly worstGapMs: number;
  readonly unwritten: number;
}

const lineCount = 4_000;
/** Of one turn, on a machine that does other things too; a write that waits would take for ever. */
const gapMsMax = 1_000;

function command(result: string, flushMs: number): string {
  const script = '--import ./support/run-ts.mjs ./support/log-words.ts';
  return `${process.execPath} ${script} ${result} ${lineCount} ${flushMs}`;
}

/** Runs it by what `around` makes of its command; resolves to what it says of itself. */
async function run(name: string, around: (command: string) => readonly string[], flushMs = 200): Promise<Result> {
  const result = join(folder, `${name}.result`);
  const [program = '', ...words] = around(command(result, flushMs));
  const child = spawn(program, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  expect(await once(child, 'exit')).toEqual([0, null]);
  return JSON.parse(readFileSync(result, 'utf8')) as Result; // as log-words.ts wrote it
}

const sh = (after: string) => (words: string) => ['sh', '-c', `${words} ${after}`];

const untilThere = (name: string) => `while [ ! -e ${folder}/${name} ]; do sleep 0.1; done`;

interface Line {
  readonly nth?: number;
  readonly lines?: number;
}

function linesOf(path: string): Line[] {
  const texts = readFileSync(path, 'utf8').trimEnd().split('\n');
  return texts.map((text) => JSON.parse(text) as Line); // as log-words.ts wrote it
}

describe.concurrent('the log goes on, and counts what nobody took,', () => {
  it.each([
    ['a full disk behind it', 'full', sh('2>/dev/full')],
    ['a pipe that was closed', 'closed', sh('2>&1 | true')],
    ['a pipe whose reader stands still', 'still', sh(`2>&1 >/dev/null | { ${untilThere('still.result')}; }`)],
    ['a stopped terminal', 'terminal', (words: string) => ['python3', 'support/stopped-terminal.py', words]],
  ] as const)('with %s', async (_, name, around) => {
    const { worstGapMs, unwritten } = await run(name, around);
    expect(unwritten).toBeGreaterThan(lineCount / 2);
    expect(worstGapMs).toBeLessThan(gapMsMax);
  });

  it('with a descriptor that was closed before the start', async () => {
    expect((await run('none', sh('2>&-'))).worstGapMs).toBeLessThan(gapMsMax);
  });

  it('and says how many lines are missing, and where, to a reader that reads again', async () => {
    const path = join(folder, 'again.txt');
    const { unwritten } = await run(
      'again',
      sh(`2>&1 >/dev/null | { ${untilThere('again.result.logged')}; cat >${path}; }`),
      10_000,
    );
    const lines = linesOf(path);
    const told = lines.reduce((sum, { lines: missing = 0 }) => sum + missing, 0);
    expect(told).toBe(unwritten);
    expect(unwritten).toBeGreaterThan(lineCount / 2);
    expect(lines.filter(({ nth }) => nth !== undefined).length + unwritten).toBe(lineCount);
  });

  it('and a file gets every line, whole and in order', async () => {
    const path = join(folder, 'file.txt');
    const { unwritten } = await run('file', sh(`2>${path}`), 10_000);
    expect(unwritten).toBe(0);
    expect(linesOf(path).map(({ nth }) => nth)).toEqual(Array.from({ length: lineCount }, (_, at) => at + 1));
  });
});
