/**
 * Where intake's CPU goes: µs an event of each stage, garbage included, of one thread of work in this process: events
 * come as messages of one WebSocket would, a turn's worth at a time. Without the socket itself: the ingest case has the
 * whole.
 */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@clickhouse/client';
import { crc32 } from '../../src/base/crc32.ts';
import { runInsert } from '../../src/clickhouse/statements.ts';
import { PlainReader } from '../../src/event-text/plain-event.ts';
import { readMessage } from '../../src/event-text/read-events.ts';
import { textEvent } from '../../src/event-text/text-event.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { EventTemplate } from '../load/event-template.ts';
import { median, round } from '../target.ts';
import { cpuSince, journalIn, mebibyte } from './stage-parts.ts';

const eventBytes = 1_100;
const groupEvents = 100;
const groups = 200;
const rounds = 5;
const now = 1_795_000_000;
const windowIds = 1_000_000;
const received = '2026-11-22T10:00:00.5Z';
const column = '2026-11-22 10:00:00.500000';

const stages = ['read', 'dedupe', 'append', 'commit'] as const;

/**
 * µs of CPU an event, median of some rounds: each stage is what it adds to those before it. `insert` is the table
 * writer's sending of rows that are in memory, `readBack` its reading of rows that are not; `generalReader` reads and
 * writes an event that compiled code leaves.
 */
export async function intakeStage(): Promise<object> {
  const messages = makeMessages();
  const window = fullWindow();
  const runs: Record<string, number>[] = [];
  for (let nth = 0; nth <= rounds; nth += 1) runs.push({ ...runOnce(messages, window), insert: await insertOnce() });
  // The first one warms up.
  runs.shift();
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, round(median(runs.map((run) => run[name] ?? 0)))]));
}

function runOnce(messages: readonly Buffer[], window: IdWindow): Record<string, number> {
  const result: Record<string, number> = {};
  let before = 0;
  for (const [nth, stage] of stages.entries()) {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-intake-'));
    const journal = journalIn(folder, { recentBytes: 32 * mebibyte });
    try {
      const whole = upTo(nth + 1, messages, journal, window);
      result[stage] = whole - before;
      before = whole;
      if (stage === 'commit') result['readBack'] = readBack(journal);
    } finally {
      journal.close();
      rmSync(folder, { recursive: true });
    }
  }
  const row = Buffer.alloc(2 * eventBytes);
  return { ...result, ofAppendTheChecksum: micros(messages, () => crc32(row)), generalReader: generalRead(messages) };
}

/** So many stages, for each message. */
function upTo(depth: number, messages: readonly Buffer[], journal: Journal, window: IdWindow): number {
  const reader = new PlainReader();
  window.rollBack(windowIds);
  let seq = windowIds;
  return micros(messages, (bytes, nth) => {
    const event = reader.readMessage(bytes);
    if (event === null) throw new Error('an event of the bench is not plain');
    if (depth < 2) return;
    if (window.seqOf(event.id) !== null) throw new Error('an event of the bench was sent twice');
    seq += 1;
    window.add(event.id, seq, now, now);
    if (depth < 3) return;
    journal.append(event, { received, column });
    if (nth % groupEvents < groupEvents - 1) return;
    if (depth < 4) journal.rollBack(journal.head);
    else {
      journal.commit();
      // A ClickHouse that follows.
      journal.advanceCheckpoint(journal.head);
    }
  });
}

/** What an event costs that compiled code leaves (decision 037): parsed, checked, scanned, put together as text. */
function generalRead(messages: readonly Buffer[]): number {
  const row = Buffer.alloc(4 * eventBytes);
  return micros(messages, (bytes) => {
    const read = readMessage(bytes);
    if (!read.ok) throw new Error('an event of the bench was refused');
    textEvent(read.event).writeRow(row, 0, 1, { received, column });
  });
}

/** Full, as that of a server that has run for a while: its memory is touched, and each new id lets an old one go. */
function fullWindow(): IdWindow {
  const window = new IdWindow({
    idsMax: windowIds,
    checkpoint: () => Number.MAX_SAFE_INTEGER,
    forgotten: new ForgottenIds(),
  });
  for (let nth = 1; nth <= windowIds; nth += 1) window.add(randomUUID(), nth, now, now);
  return window;
}

function readBack(journal: Journal): number {
  const from = journal.firstSeq;
  const start = process.cpuUsage();
  const { count } = journal.read(from, 32 * mebibyte, journal.head);
  return cpuSince(start) / count;
}

/** What the HTTP client takes to send rows to a server that reads them and does nothing else. */
async function insertOnce(): Promise<number> {
  const sink = fork(fileURLToPath(new URL('./sink.js', import.meta.url)));
  try {
    const port = await new Promise<number>((resolve) => sink.once('message', (told) => resolve(Number(told))));
    const client = createClient({ url: `http://127.0.0.1:${port}` });
    const rows = 10_000;
    const body = Buffer.alloc(rows * 2 * eventBytes, 'row ');
    const start = process.cpuUsage();
    for (let nth = 0; nth < 10; nth += 1) await runInsert(client, body, `bench:${nth}`, 30_000);
    const spent = cpuSince(start) / (10 * rows);
    await client.close();
    return spent;
  } finally {
    sink.kill();
  }
}

function makeMessages(): Buffer[] {
  const template = new EventTemplate({ prefix: 'intake', idPrefix: '00000000-0000-4000-8000-', eventBytes });
  return Array.from({ length: groupEvents * groups }, (_, nth) => {
    const bytes = Buffer.alloc(template.bytes.length);
    template.write(bytes, 0, nth, Date.now() * 1000, Date.now() * 1000);
    return bytes;
  });
}

function micros<Item>(items: readonly Item[], work: (item: Item, nth: number) => unknown): number {
  const start = process.cpuUsage();
  for (const [nth, item] of items.entries()) work(item, nth);
  return cpuSince(start) / items.length;
}
