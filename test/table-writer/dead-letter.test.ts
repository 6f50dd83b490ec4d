/** The dead letter and the writer's state after a crash or an update: nothing is lost, nothing is counted twice. */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeFiles } from '../../src/base/file-port.ts';
import type { LogChunk } from '../../src/event-log/log-reader.ts';
import { deadLetterPath, openDeadLetter } from '../../src/table-writer/dead-letter.ts';
import { openWriterState } from '../../src/table-writer/open-writer-state.ts';
import type { DeadEvent, DeadLetter } from '../../src/table-writer/ports.ts';
import { writerStateFile } from '../../src/table-writer/writer-state-file.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sluice-dead-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

async function bury(...seqs: number[]): Promise<void> {
  for (const seq of seqs)
    await openDeadLetter(dataDir).add({ seq, epoch: 'e', reason: 'refused', row: `row "${seq}" ü` });
}

async function seqs(): Promise<number[]> {
  return (await all(openDeadLetter(dataDir))).map(({ seq }) => seq);
}

async function all(letter: DeadLetter): Promise<DeadEvent[]> {
  const found: DeadEvent[] = [];
  for await (const event of letter.entries()) found.push(event);
  return found;
}

const emptyState = { version: 2, range: null, everInserted: true, books: [], replayed: [] } as const;

function oldLine(seq: number): string {
  return `${JSON.stringify({ version: 1, seq, at: '2026-11-22T10:00:00.000Z', reason: 'refused', row: `row ${seq}` })}\n`;
}

function writeOldFiles(checkpoint: number, ...dead: number[]): void {
  mkdirSync(dirname(deadLetterPath(dataDir)));
  writeFileSync(deadLetterPath(dataDir), dead.map(oldLine).join(''));
  const state = { version: 1, epoch: 'e', checkpoint, range: null, everInserted: true };
  writeFileSync(join(dataDir, 'writer'), `${JSON.stringify(state)}\n`);
}

function stateOf(firstSeq: number, head = 1_000) {
  const file = writerStateFile(dataDir, false);
  const read = (first: number): LogChunk => {
    const count = first <= head ? 1 : 0;
    return { first, last: first + count - 1, count, rows: Buffer.alloc(0) };
  };
  const journal = { epoch: 'e', firstSeq, checkpoint: 0, oldest: firstSeq, read };
  return openWriterState(file, journal, openDeadLetter(dataDir));
}

test('each event stands in it once, as its row was, however often it was put in', async () => {
  await bury(3, 7, 3);
  const found = await all(openDeadLetter(dataDir));
  expect(found.map(({ seq, epoch, row }) => [seq, epoch, row])).toEqual([
    [3, 'e', 'row "3" ü'],
    [7, 'e', 'row "7" ü'],
  ]);
});

test('lines of any length are read, and lines of version 1', async () => {
  const row = 'x'.repeat(1_500_000);
  await bury(1);
  await openDeadLetter(dataDir).add({ seq: 2, epoch: 'e', reason: 'refused', row });
  appendFileSync(deadLetterPath(dataDir), oldLine(4));
  await bury(3);
  const found = await all(openDeadLetter(dataDir));
  expect(found.map(({ seq, epoch }) => [seq, epoch])).toEqual([
    [1, 'e'],
    [2, 'e'],
    [4, null],
    [3, 'e'],
  ]);
  expect(found[1]?.row === row).toBe(true);
});

test('an unfinished line at its end is cut, so that the next one is whole', async () => {
  await bury(1);
  appendFileSync(deadLetterPath(dataDir), '{"version":2,"seq":2');
  await openDeadLetter(dataDir).remove(() => false);
  await bury(3);
  expect(await seqs()).toEqual([1, 3]);
});

test('a damaged line stops everything with a sentence, and stays', async () => {
  await bury(1);
  appendFileSync(deadLetterPath(dataDir), 'nonsense\n');
  await expect(seqs()).rejects.toThrow('is damaged');
  await expect(openDeadLetter(dataDir).remove((seq) => seq === 1)).rejects.toThrow('is damaged');
  expect(readFileSync(deadLetterPath(dataDir), 'utf8')).toContain('nonsense\n');
});

test('what lies above the checkpoint is sent again, so it leaves the dead letter at the start, as does what was replayed', async () => {
  await bury(3, 5, 11);
  await writerStateFile(dataDir, false).save({
    version: 2,
    epoch: 'e',
    checkpoint: 10,
    range: null,
    everInserted: true,
    books: [{ epoch: 'e', first: 1, last: 10, since: '', stored: 9, deadLettered: 1 }],
    replayed: [5],
  });
  expect(await stateOf(1)).toMatchObject({ books: [{ epoch: 'e' }], replayed: [] });
  expect(await seqs()).toEqual([3]);
});

test('what the journal has lost in a power cut stays in the dead letter, above the checkpoint too', async () => {
  await bury(11, 12);
  await writerStateFile(dataDir, false).save({ ...emptyState, epoch: 'e', checkpoint: 10 });
  await stateOf(1, 11);
  expect(await seqs()).toEqual([12]);
});

test('nothing leaves the dead letter while the checkpoint is in doubt: without a state, or with one of an ended epoch', async () => {
  await bury(11, 12);
  await stateOf(1, 12);
  expect(await seqs()).toEqual([11, 12]);
  await writerStateFile(dataDir, false).save({ ...emptyState, epoch: 'ended', checkpoint: 10 });
  await stateOf(1, 12);
  expect(await seqs()).toEqual([11, 12]);
});

test('a last line with a hole of zeros was never synced, and is cut; one before others is damage', async () => {
  await bury(1);
  appendFileSync(deadLetterPath(dataDir), `{"version":2,"seq":2${'\0'.repeat(50)}"}\n`);
  expect(await seqs()).toEqual([1]);
  await bury(3);
  await expect(seqs()).rejects.toThrow('is damaged');
});

test('a state file of version 1 gets books: all up to its checkpoint is stored but for the dead letter', async () => {
  writeOldFiles(110, 3, 100, 101, 105, 110, 105, 111);
  expect(await stateOf(101)).toMatchObject({
    version: 2,
    checkpoint: 110,
    // When its first event came is not known.
    books: [{ epoch: 'e', first: 101, last: 110, since: '', stored: 7, deadLettered: 3 }],
  });
});

test('a state file that is neither version 1 nor 2 is refused', async () => {
  writeFileSync(join(dataDir, 'writer'), '{"version":3,"epoch":"e","checkpoint":1,"range":null}\n');
  await expect(writerStateFile(dataDir, false).load()).rejects.toThrow('is damaged');
});

test('a line of which one field is not as written is damage, whichever it is', async () => {
  const line = { version: 2, seq: 1, epoch: 'e', at: '2026-11-22T10:00:00.000Z', reason: 'refused', row: 'row' };
  const write = (fields: object) => {
    mkdirSync(dirname(deadLetterPath(dataDir)), { recursive: true });
    writeFileSync(deadLetterPath(dataDir), `${JSON.stringify({ ...line, ...fields })}\n`);
  };
  for (const right of [{}, { epoch: null }, { version: 1, epoch: undefined }]) {
    write(right);
    expect(await seqs()).toEqual([1]);
  }
  const wrong = [
    ...[{ version: 3 }, { version: '2' }, { version: undefined }, { epoch: 5 }],
    ...[{ seq: '1' }, { seq: 1.5 }, { seq: null }, { at: 5 }, { reason: null }, { row: 7 }, { row: undefined }],
  ];
  for (const fields of wrong) {
    write(fields);
    await expect(seqs(), JSON.stringify(fields)).rejects.toThrow('is damaged');
  }
});

test('a file that cannot be opened is no empty one: the error of the system is told', async () => {
  const denied = {
    ...nodeFiles,
    open: () => {
      throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
    },
  };
  const letter = openDeadLetter(dataDir, denied);
  await expect(all(letter)).rejects.toThrow('EACCES');
  await expect(letter.add({ seq: 1, epoch: 'e', reason: 'refused', row: 'row' })).rejects.toThrow('EACCES');
  await expect(letter.remove(() => true)).rejects.toThrow('EACCES');
});

test('what is there stays whole when the system does not even say how long it is', async () => {
  await bury(1, 2);
  let fails = true;
  const letter = openDeadLetter(dataDir, {
    ...nodeFiles,
    bytes(file) {
      if (fails) throw Object.assign(new Error('EIO'), { code: 'EIO' });
      return nodeFiles.bytes(file);
    },
  });
  await expect(letter.add({ seq: 3, epoch: 'e', reason: 'refused', row: 'row' })).rejects.toThrow('EIO');
  fails = false;
  await letter.add({ seq: 4, epoch: 'e', reason: 'refused', row: 'row' });
  expect(await seqs()).toEqual([1, 2, 4]);
});

test('a file that nothing leaves is not written anew, and one that all leave is empty', async () => {
  await bury(1, 2);
  const before = statSync(deadLetterPath(dataDir)).ino;
  await openDeadLetter(dataDir).remove((seq) => seq === 3);
  expect(statSync(deadLetterPath(dataDir)).ino).toBe(before);
  await openDeadLetter(dataDir).remove(() => true);
  expect(readFileSync(deadLetterPath(dataDir), 'utf8')).toBe('');
});

test('no file stays open, whether it could be written or not', async () => {
  const open = new Set<number>();
  let fails = false;
  const letter = openDeadLetter(dataDir, {
    ...nodeFiles,
    open(...words) {
      const file = nodeFiles.open(...words);
      open.add(file);
      return file;
    },
    close(file) {
      nodeFiles.close(file);
      open.delete(file);
    },
    sync(file) {
      if (fails) throw Object.assign(new Error('EIO'), { code: 'EIO' });
      nodeFiles.sync(file);
    },
  });
  for (fails of [false, true]) {
    const add = () => letter.add({ seq: 1, epoch: 'e', reason: 'refused', row: 'row' });
    const remove = () => letter.remove(() => true);
    for (const work of [add, remove]) {
      if (fails) await expect(work()).rejects.toThrow('EIO');
      else await work();
      expect([...open]).toEqual([]);
    }
    if (!fails) await add();
  }
  for await (const _ of letter.entries()) break;
  expect([...open]).toEqual([]);
});

test('half a line that could not even be cut spoils nothing that comes after the file was written anew', async () => {
  await bury(1, 2, 3);
  let fails = true;
  const eio = (): never => {
    throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  const letter = openDeadLetter(dataDir, {
    ...nodeFiles,
    write(file, from, at, length, position) {
      if (!fails) return nodeFiles.write(file, from, at, length, position);
      nodeFiles.write(file, from, at, 10, position);
      return eio();
    },
    truncate: (file, bytes) => (fails ? eio() : nodeFiles.truncate(file, bytes)),
  });
  await expect(letter.add({ seq: 4, epoch: 'e', reason: 'refused', row: 'row' })).rejects.toThrow('EIO');
  fails = false;
  await letter.remove((seq) => seq <= 2);
  await letter.add({ seq: 5, epoch: 'e', reason: 'refused', row: 'row' });
  expect(await seqs()).toEqual([3, 5]);
  expect(readFileSync(deadLetterPath(dataDir), 'utf8').split('\n')).toHaveLength(3);
});
