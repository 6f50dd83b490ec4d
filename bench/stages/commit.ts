/**
 * What durability costs: CPU of a journal's commit for each event, in both modes, at several sizes of a group, and its
 * share of all of intake (parse, check, canonical text, append, commit, answer). In this process, on the disk of the
 * temporary folder; no server.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { TextEvent } from '../../src/event-text/text-event.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { EventTemplate } from '../load/event-template.ts';
import { median, round } from '../target.ts';
import { cpuSince, intakeOn, journalIn } from './stage-parts.ts';

type Durability = 'process' | 'fsync';

const eventBytes = 1_100;
const groupSizes = [1, 100, 700];
const rounds = 3;

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
  const journal = journalIn(folder, { durability });
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
