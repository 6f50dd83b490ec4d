/**
 * The table writer against a store that fails and refuses at random, with crashes between any two statements: every row is
 * taken exactly once (retries carry the same range and token), and what is refused for its content goes to the dead letter.
 * ClickHouse's own part, dropping a repeated token, is modelled here and proven on the real one in test/clickhouse.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowsRefused } from '../../src/clickhouse/store.ts';
import { Failure } from '../../src/errors.ts';
import { startTableWriter, type TableWriter } from '../../src/ingest/table-writer.ts';
import { writerStateFile } from '../../src/ingest/writer-state.ts';
import type { Journal, JournalChunk } from '../../src/journal/journal.ts';
import { createLog } from '../../src/log.ts';

type Answer = 'taken' | 'taken, answer lost' | 'down';

class FakeTable {
  readonly rows: number[] = [];
  readonly tokens = new Set<string>();
  readonly answers: Answer[];
  readonly guilty: Set<number>;

  constructor(answers: readonly Answer[], guilty: readonly number[]) {
    this.answers = [...answers];
    this.guilty = new Set(guilty);
  }

  async insertRows(body: Buffer, token: string): Promise<void> {
    const rows = body.toString().trim().split('\n').map(Number);
    await Promise.resolve();
    const answer = this.answers.shift() ?? 'taken';
    if (answer === 'down') throw new Failure('storeUnavailable', 'down');
    const culprit = rows.find((seq) => this.guilty.has(seq));
    if (culprit !== undefined) throw new RowsRefused(`row ${culprit}`);
    if (!this.tokens.has(token)) this.rows.push(...rows);
    this.tokens.add(token);
    if (answer === 'taken, answer lost') throw new Failure('storeUnavailable', 'no answer');
  }

  async whenReady(): Promise<void> {}
}

function fakeJournal(head: number, checkpoint: number, dayLength: number): Journal {
  let at = checkpoint;
  const read = (first: number, _bytes: number, upTo: number): JournalChunk => {
    const last = Math.min(upTo, head);
    const seqs = Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
    return { first, last, count: seqs.length, rows: Buffer.from(`${seqs.join('\n')}\n`) };
  };
  const fake = {
    epoch: 'e',
    epochOf: () => 'e',
    head,
    get checkpoint() {
      return at;
    },
    read,
    readDay: (first: number, bytes: number, upTo: number) =>
      read(first, bytes, Math.min(upTo, Math.ceil(first / dayLength) * dayLength)),
    advanceCheckpoint(seq: number) {
      expect(seq).toBeGreaterThan(at);
      at = seq;
    },
    trim() {},
  };
  return fake as unknown as Journal; // only what the writer uses
}

async function until(fact: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!fact()) {
    if (Date.now() > deadline) throw new Error('the fact did not come true within 10 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the table writer', () => {
  it('puts every row into the table exactly once, whatever fails and whenever it is killed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          head: fc.integer({ min: 1, max: 60 }),
          rowsMax: fc.integer({ min: 1, max: 20 }),
          dayLength: fc.integer({ min: 3, max: 40 }),
          lives: fc.array(fc.array(fc.constantFrom<Answer>('taken', 'taken, answer lost'), { maxLength: 3 }), {
            maxLength: 3,
          }),
          guilty: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
        }),
        async ({ head, rowsMax, dayLength, lives, guilty }) => {
          const dataDir = mkdtempSync(join(tmpdir(), 'sluice-writer-'));
          const table = new FakeTable([], guilty);
          const dead: number[] = [];
          const start = (journal: Journal): TableWriter =>
            startTableWriter({
              journal,
              live: { mark: head },
              store: table,
              stateFile: writerStateFile(dataDir, false),
              deadLetter: { add: (seq) => void dead.push(seq) },
              options: { rowsMax, bytesMax: 1_000_000, flushMs: 0 },
              counters: { inserted: 0, batches: 0, insertFailures: 0, deadLettered: 0 },
              log: createLog('silent'),
            });
          for (const answers of lives) {
            // One life: some inserts are answered, then the answer is lost and the process ends, state file and table as they are.
            table.answers.splice(0, Number.POSITIVE_INFINITY, ...answers, 'taken, answer lost');
            const journal = fakeJournal(head, writerStateFile(dataDir, false).read()?.checkpoint ?? 0, dayLength);
            const writer = start(journal);
            await until(() => table.answers.length <= answers.length || journal.checkpoint >= head);
            await writer.stop(1_000);
          }
          table.answers.splice(0);
          const journal = fakeJournal(head, writerStateFile(dataDir, false).read()?.checkpoint ?? 0, dayLength);
          const writer = start(journal);
          await until(() => journal.checkpoint >= head);
          await writer.stop(1_000);
          rmSync(dataDir, { recursive: true });
          const refused = [...table.guilty].filter((seq) => seq <= head).sort((a, b) => a - b);
          const expected = Array.from({ length: head }, (_, at) => at + 1).filter((seq) => !table.guilty.has(seq));
          expect(table.rows).toEqual(expected);
          expect([...new Set(dead)].sort((a, b) => a - b)).toEqual(refused);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('counts and tries again what it could not do itself: here a state file that cannot be written (I4)', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sluice-writer-'));
    const file = writerStateFile(dataDir, false);
    const counters = { inserted: 0, batches: 0, insertFailures: 0, deadLettered: 0 };
    let isFull = true;
    const journal = fakeJournal(3, 0, 40);
    const writer = startTableWriter({
      journal,
      live: { mark: 3 },
      store: new FakeTable([], []),
      stateFile: {
        read: () => file.read(),
        write(state) {
          if (isFull) throw new Error('ENOSPC');
          file.write(state);
        },
      },
      deadLetter: { add: () => undefined },
      options: { rowsMax: 10, bytesMax: 1_000_000, flushMs: 0 },
      counters,
      log: createLog('silent'),
    });
    await until(() => writer.phase === 'backingOff');
    expect(counters.insertFailures).toBe(1);
    isFull = false;
    await until(() => journal.checkpoint === 3);
    expect(counters.inserted).toBe(3);
    await writer.stop(1_000);
    rmSync(dataDir, { recursive: true });
  });
});
