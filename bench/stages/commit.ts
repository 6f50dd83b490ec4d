/**
 * What durability costs: CPU of a journal's commit for each event, in both modes, at several sizes of a group, and its
 * share of all of intake (parse, check, canonical text, append, commit, answer). In this process, on the disk of the
 * temporary folder; no server.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { TextEvent } from '../../src/event-text/text-event.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import type { Intake } from '../../src/ingest/intake.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { type Journal, openJournal } from '../../src/journal/journal.ts';
import { EventTemplate } from '../load/event-template.ts';
import { median, round } from '../target.ts';

type Durability = 'process' | 'fsync';

const eventBytes = 1_100;
const groupSizes = [1, 100, 700];
const rounds = 3;
const mebibyte = 1024 * 1024;

/** For each mode and size: µs of CPU an event, the commit's share of them, and how long a commit takes. */
export async function commitStage(): Promise<object> {
  const result: Record<string, Record<string, object>> = {};
  for (const durability of ['process', 'fsync'] as const) {
    const bySize: Record<string, object> = {};
    for (const size of groupSizes) bySize[`${size} a group`] = await measure(durability, size);
    result[durability] = bySize;
  }
  return result;
}

async function measure(durability: Durability, size: number): Promise<object> {
  const groups = Math.ceil((size === 1 ? 3_000 : 20_000) / size);
  const runs: Run[] = [];
  for (let nth = 0; nth <= rounds; nth += 1) runs.push(await runOnce(durability, size, groups));
  // The first one warms up.
  runs.shift();
  const whole = median(runs.map((run) => run.wholeMicros));
  const commit = median(runs.map((run) => run.commitMicros));
  const waits = runs.flatMap(({ waitsMs }) => waitsMs).sort((a, b) => a - b);
  return {
    intakeMicros: round(whole),
    commitMicros: round(commit),
    commitShare: round(commit / whole),
    commitMsP50: round(waits[Math.floor(waits.length * 0.5)] ?? 0, 3),
    commitMsP99: round(waits[Math.floor(waits.length * 0.99)] ?? 0, 3),
  };
}

/** CPU of all threads, an event. */
interface Run {
  readonly wholeMicros: number;
  readonly commitMicros: number;
  readonly waitsMs: readonly number[];
}

async function runOnce(durability: Durability, size: number, groups: number): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-commit-'));
  const journal = journalIn(folder, durability);
  try {
    const bodies = makeBodies(size, groups);
    const intake = intakeOn(journal);
    const start = process.cpuUsage();
    for (const body of bodies) {
      const outcome = intake.acceptBatch(body, true);
      if (!outcome.ok) throw new Error('an event of the bench was refused');
      await outcome.durable;
    }
    const wholeMicros = cpuSince(start) / (size * groups);
    const waitsMs: number[] = [];
    const appendMicros = await cpuOf(groups, () => {
      appendGroup(journal, size);
      journal.rollBack(journal.head);
    });
    const bothMicros = await cpuOf(groups, async () => {
      appendGroup(journal, size);
      const at = performance.now();
      journal.commit();
      if (durability === 'fsync') await firstValueFrom(journal.horizon$);
      waitsMs.push(performance.now() - at);
    });
    const commitMicros = Math.max(0, bothMicros - appendMicros) / size;
    return { wholeMicros, commitMicros, waitsMs };
  } finally {
    journal.close();
    rmSync(folder, { recursive: true });
  }
}

/** µs each time. */
async function cpuOf(times: number, work: () => void | Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  for (let nth = 0; nth < times; nth += 1) await work();
  return cpuSince(start) / times;
}

function journalIn(directory: string, durability: Durability): Journal {
  return openJournal({
    directory,
    durability,
    segmentBytesMax: 64 * mebibyte,
    budgetBytesMax: 8192 * mebibyte,
    reserveFreeBytes: 0,
    keepBytesPastCheckpoint: 0,
    keepMsPastCheckpoint: 0,
    checkpoint: null,
    log: createLog('silent'),
  });
}

function intakeOn(journal: Journal): Intake {
  return createIntake({
    journal,
    window: new IdWindow({ idsMax: 1_000_000, checkpoint: () => journal.checkpoint, forgotten: new ForgottenIds() }),
    parked: new ParkedEvents({ eventsMax: 1, bytesMax: 1 }),
    live: new LiveBus(journal.head),
    log: createLog('silent'),
    counters: createCounters(),
    gate: () => null,
    now: Date.now,
    elapsedMs: () => performance.now(),
  });
}

function makeBodies(size: number, groups: number): Buffer[] {
  const template = new EventTemplate({ prefix: 'commit', idPrefix: '00000000-0000-4000-8000-', eventBytes });
  const { length } = template.bytes;
  return Array.from({ length: groups }, (_, group) => {
    const body = Buffer.alloc(1 + size * (length + 1), ',');
    body[0] = 0x5b;
    for (let nth = 0; nth < size; nth += 1)
      template.write(body, 1 + nth * (length + 1), group * size + nth, Date.now() * 1000, 0);
    body[body.length - 1] = 0x5d;
    return body;
  });
}

const row = new TextEvent('00000000-0000-4000-8000-000000000000', '2026-01-01T00:00:00Z', {
  open: `{"payload":"${'lorem ipsum '.repeat(100).slice(0, eventBytes)}"`,
  head: 10,
  search: 'commit.event.0',
  isAscii: true,
});
const receipt = { received: '2026-01-01T00:00:00Z', column: '2026-01-01 00:00:00.000000' };

function appendGroup(journal: Journal, size: number): void {
  for (let nth = 0; nth < size; nth += 1) journal.append(row, receipt);
}

function cpuSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}
