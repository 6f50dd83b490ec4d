/**
 * `sluice verify`: compares the books with ClickHouse and with the journal (I1, I8), on a stopped data folder. For each
 * epoch `count() = uniqExact(seq) = uniqExact(id, occurred)`, and no holes but the dead-lettered, as far back as the
 * retention reaches.
 */

import type { Log } from '../base/log.ts';
import { leastRetentionDays } from '../base/retention.ts';
import {
  type AuditCounts,
  type AuditRange,
  compareRollups,
  countOutside,
  countRange,
  firstReceivedWithin,
  isWithinDays,
  missingSeqs,
  presentOf,
  repeated,
} from '../clickhouse/audit.ts';
import { type EpochBook, openBook, pendingOf } from '../table-writer/epoch-book.ts';
import { seqsIn } from '../table-writer/ports.ts';
import { compareJournal } from './compare-journal.ts';
import { openStopped, type StoppedConfig, type StoppedFolder } from './open-stopped.ts';

export interface Verification {
  readonly ok: boolean;
  /** A table, and a sentence for each thing that is wrong. */
  readonly text: string;
}

interface Line {
  readonly book: EpochBook;
  /** The part of it that was counted; null where the retention has passed all of it. */
  readonly range: AuditRange | null;
  readonly counts: AuditCounts;
}

const namedMax = 10;

/** Throws StartRefused where the data folder cannot be opened, or its ClickHouse does not serve. */
export async function verify(config: StoppedConfig, log: Log): Promise<Verification> {
  const folder = await openStopped(config, log);
  try {
    return await verifyFolder(folder, leastRetentionDays(config));
  } finally {
    await folder.close();
  }
}

async function verifyFolder(folder: StoppedFolder, retentionDays: number): Promise<Verification> {
  const { journal, state, store } = folder;
  const dead = await seqsIn(folder.deadLetter);
  const problems = problemsOfEpoch(folder);
  const lines: Line[] = [];
  for (const book of state.books) {
    const range = await rangeOf(folder, book, retentionDays);
    const counts = range === null ? { rows: 0, seqs: 0, ids: 0 } : await countRange(store, range);
    lines.push({ book, range, counts });
    problems.push(...problemsOfBook(book, dead));
    if (range !== null) problems.push(...(await problemsOfRange(folder, range, counts, dead)));
  }
  const begin = state.books[0]?.first ?? journal.firstSeq;
  const known = state.range === null ? state.books : [...state.books, state.range];
  const strays = await countOutside(store, begin, known);
  if (strays > 0) problems.push(`ClickHouse holds ${strays} rows from seq ${begin} on that are in no book.`);
  const { compared, sentences, differing } = await compareJournal(journal, store, begin, state.checkpoint);
  problems.push(...sentences);
  if (differing > sentences.length) problems.push(`In all, ${differing} rows are not as the journal has them.`);
  const rollups = await compareRollups(store);
  for (const { rollup, isSame } of rollups) {
    if (!isSame)
      problems.push(`The projection ${rollup} does not say what the rows say: counts read from it are wrong.`);
  }
  const summary = [
    `pending: ${journal.pending} events in the journal, not yet in ClickHouse`,
    `compared with the journal: ${compared} rows, text by text`,
    ...rollups.map(({ rollup, groups }) => `compared with the rows: the projection ${rollup}, ${groups} groups`),
    ...problems.map((problem) => `WRONG: ${problem}`),
    problems.length === 0 ? 'The books balance.' : `The books do not balance: ${problems.length} findings.`,
  ];
  return { ok: problems.length === 0, text: `${tableOf(lines)}\n${summary.join('\n')}` };
}

function problemsOfEpoch({ journal, state }: StoppedFolder): string[] {
  const { epoch, firstSeq, head } = journal;
  const { stored, deadLettered } = state.books.find((book) => book.epoch === epoch) ?? openBook(epoch, firstSeq, '');
  const events = head - firstSeq + 1;
  const pending = pendingOf(journal);
  if (events === stored + deadLettered + pending) return [];
  return [
    `Epoch ${epoch} has ${events} events, but ${stored} stored, ${deadLettered} dead-lettered ` +
      `and ${pending} pending ones are booked.`,
  ];
}

function problemsOfBook({ epoch, first, last, stored, deadLettered }: EpochBook, dead: ReadonlySet<number>): string[] {
  const problems: string[] = [];
  if (stored + deadLettered !== last - first + 1) {
    problems.push(`The book of epoch ${epoch} has ${stored} + ${deadLettered} events from seq ${first} to ${last}.`);
  }
  const buried = [...dead].filter((seq) => seq >= first && seq <= last).length;
  if (buried !== deadLettered) {
    problems.push(
      `The book of epoch ${epoch} counts ${deadLettered} events in the dead letter, whose file holds ${buried}.`,
    );
  }
  return problems;
}

/** From where on nothing of the book can have expired. */
async function rangeOf({ store }: StoppedFolder, book: EpochBook, retentionDays: number): Promise<AuditRange | null> {
  const { first, last, since } = book;
  if (since !== '' && (await isWithinDays(store, since, retentionDays))) return { first, last };
  const kept = await firstReceivedWithin(store, { first, last }, retentionDays);
  return kept === null ? null : { first: kept, last };
}

async function problemsOfRange(
  { store }: StoppedFolder,
  range: AuditRange,
  { rows, seqs, ids }: AuditCounts,
  dead: ReadonlySet<number>,
): Promise<string[]> {
  const problems: string[] = [];
  for (const [column, distinct] of [['seq', seqs] as const, ['id', ids] as const]) {
    if (rows === distinct) continue;
    const values = await repeated(store, range, column, namedMax);
    problems.push(
      `ClickHouse holds ${rows} rows but ${distinct} values of ${column}; several have ${values.join(', ')}.`,
    );
  }
  const buried = [...dead].filter((seq) => seq >= range.first && seq <= range.last);
  const risen = await presentOf(store, buried);
  if (risen.length > 0) {
    problems.push(`In the dead letter and in ClickHouse too: ${risen.slice(0, namedMax).join(', ')}.`);
  }
  const holes = range.last - range.first + 1 - (buried.length - risen.length) - seqs;
  if (holes !== 0) {
    const missing = await missingSeqs(store, range, dead, namedMax);
    problems.push(`ClickHouse lacks ${holes} events that are booked as stored: ${missing.join(', ')}.`);
  }
  return problems;
}

function tableOf(lines: readonly Line[]): string {
  const header = [
    'epoch',
    'first',
    'last',
    'stored',
    'dead',
    'counted from',
    'count()',
    'uniqExact(seq)',
    'uniqExact(id, occurred)',
  ];
  const cells = lines.map(({ book, range, counts }) =>
    [
      book.epoch,
      book.first,
      book.last,
      book.stored,
      book.deadLettered,
      range?.first ?? 'all expired',
      counts.rows,
      counts.seqs,
      counts.ids,
    ].map(String),
  );
  const widths = header.map((name, at) => Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const format = (row: readonly string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return [header, ...cells].map(format).join('\n');
}
