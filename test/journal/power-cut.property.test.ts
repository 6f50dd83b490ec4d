/**
 * I1 under a power cut, over a model of the disk (power-cut-disk.ts): of what was not synced any subset of pages and
 * names is gone. In fsync mode all that was durable is there, once each and as written; in process mode the start never
 * refuses, and what is there is the beginning of what was written. Modelled: the files `epoch`, `boot` and those of the
 * journal, and a clock that stands still or is set back.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { randomFrom } from '../../support/random.ts';
import { PowerCutDisk } from './power-cut-disk.ts';
import { append, clockStart, open, readAll, sent } from './support.ts';

type Durability = 'process' | 'fsync';

type Step =
  | { kind: 'append'; paddings: number[] }
  | { kind: 'commit' | 'sync' | 'end syncs' | 'trim' | 'trim later' }
  | { kind: 'commit on a failing disk'; writes: (string | number)[] }
  | { kind: 'insert'; rows: number }
  | {
      kind: 'restart';
      how: 'clean' | 'kill' | 'power cut';
      seed: number;
      pageBytes: number;
      clockMs: number;
      next: Durability;
    };

const durability = fc.constantFrom<Durability>('process', 'fsync');
const step = (modes: fc.Arbitrary<Durability>): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        paddings: fc.array(fc.oneof(fc.nat(60), fc.integer({ min: 500, max: 1_500 })), { minLength: 1, maxLength: 4 }),
      }),
    },
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constantFrom('commit', 'commit', 'sync', 'end syncs', 'trim', 'trim later'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('commit on a failing disk' as const),
        writes: fc.array(fc.oneof(fc.constantFrom('ENOSPC', 'EIO'), fc.integer({ min: 1, max: 400 })), {
          minLength: 1,
          maxLength: 3,
        }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('insert' as const), rows: fc.integer({ min: 1, max: 12 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('restart' as const),
        how: fc.constantFrom('clean', 'kill', 'power cut', 'power cut', 'power cut'),
        seed: fc.integer(),
        pageBytes: fc.constantFrom(64, 512, 4096),
        clockMs: fc.constantFrom(1_000, 1_000, 0, 400, -3_600_000),
        next: modes,
      }),
    },
  );

/** A journal, and what is known of it. */
class Life {
  readonly disk = new PowerCutDisk('/data');
  journal: Journal;
  mode: Durability;
  /** What was committed, and is not known to be gone. */
  readonly written = new Map<number, string>();
  /** Of these, what a power cut must not take. */
  readonly durable = new Set<number>();
  #pending: string[] = [];
  #boot = 1;
  #number = 0;
  #newestGiven = 0;
  #now = clockStart;

  constructor(mode: Durability) {
    this.mode = mode;
    this.journal = this.#open(null);
  }

  append(paddings: readonly number[]): void {
    for (const padding of paddings) {
      const event = sent(this.#number++, padding);
      append(this.journal, event);
      this.#pending.push(event.raw);
    }
  }

  commit(): void {
    const { head } = this.journal;
    try {
      this.journal.commit();
      for (const [at, raw] of this.#pending.entries()) this.written.set(head + 1 + at, raw);
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
    }
    this.#pending = [];
    this.#newestGiven = Math.max(this.#newestGiven, this.journal.head);
    this.note();
  }

  /** What is durable now stays so. */
  note(): void {
    if (this.mode === 'process') return;
    for (const seq of this.written.keys()) if (seq <= this.journal.horizon.ticket) this.durable.add(seq);
  }

  /** What came of the run before, as far as it may be wrong. */
  restart(now: Extract<Step, { kind: 'restart' }>): void {
    const { journal, disk } = this;
    const { epoch, checkpoint } = journal;
    const isCut = now.how === 'power cut';
    if (now.how === 'clean') {
      this.commit();
      journal.close();
    }
    this.#pending = [];
    // After a clean stop the machine may go down at once: all that there is has been synced.
    if (now.how === 'kill') disk.kill();
    else {
      disk.powerCut({ random: randomFrom(now.seed), pageBytes: now.pageBytes });
      this.#boot += 1;
    }
    const endedIn = this.mode;
    this.mode = now.next;
    this.#now += now.clockMs;
    this.journal = this.#open(checkpoint);
    const found = readAll(this.journal);
    for (const [seq, raw] of found) expect(raw).toBe(this.written.get(seq));
    if (!isCut) expect([...found.keys()]).toEqual([...this.written.keys()].filter((seq) => seq >= this.journal.oldest));
    for (const seq of this.durable) if (seq >= this.journal.oldest) expect(found.has(seq)).toBe(true);
    if (isCut && endedIn === 'process') {
      expect(this.journal.firstSeq).toBeGreaterThan(this.#newestGiven);
    } else {
      expect(this.journal.epoch).toBe(epoch);
      expect(this.journal.oldest).toBeLessThanOrEqual(checkpoint + 1);
    }
    this.#checkPrefix([...found.keys()]);
    for (const seq of [...this.written.keys()]) if (!found.has(seq)) this.written.delete(seq);
    this.note();
  }

  /** Without what was trimmed, what is there is what was written up to one place, and nothing behind it. */
  #checkPrefix(found: readonly number[]): void {
    const newest = found.at(-1) ?? 0;
    const expected = [...this.written.keys()].filter((seq) => seq >= this.journal.oldest && seq <= newest);
    expect(found).toEqual(expected);
  }

  #open(checkpoint: number | null): Journal {
    const options = { durability: this.mode, segmentBytesMax: 3_000, keepBytesPastCheckpoint: 4_000, checkpoint };
    return open('/data', options, this.disk, () => this.#now, `boot ${this.#boot}`);
  }
}

async function run(first: Durability, steps: readonly Step[]): Promise<void> {
  const life = new Life(first);
  for (const now of steps) {
    const { journal } = life;
    switch (now.kind) {
      case 'append':
        if (journal.failed === null) life.append(now.paddings);
        break;
      case 'commit':
        life.commit();
        break;
      case 'commit on a failing disk':
        life.disk.writes = now.writes;
        life.commit();
        life.disk.writes = [];
        break;
      case 'sync':
        // Of what is committed: a commit of its own is another step.
        journal.commitNow(0, 0);
        break;
      case 'end syncs':
        life.disk.endSyncs();
        // What was committed meanwhile gets the next one a few turns later.
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
        break;
      case 'insert':
        journal.advanceCheckpoint(Math.min(journal.horizon.ticket, journal.checkpoint + now.rows));
        break;
      case 'trim':
        journal.trim();
        break;
      case 'trim later':
        journal.trimLater();
        break;
      case 'restart':
        life.restart(now);
        break;
      default:
        now satisfies never;
    }
    life.note();
  }
}

describe('a journal after power cuts', () => {
  it.each(['fsync', 'process'] as const)('has what its mode promises (%s)', async (mode) => {
    const steps = fc.array(step(fc.constant(mode)), { minLength: 5, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, (all) => run(mode, all)),
      { numRuns: 400 },
    );
  });

  it('keeps what fsync mode promised in any life with another mode between', async () => {
    const steps = fc.array(step(durability), { minLength: 5, maxLength: 80 });
    await fc.assert(fc.asyncProperty(durability, steps, run), { numRuns: 300 });
  });

  it('trims later as well, one file at a time, and what is under way ends before a file must go at once', async () => {
    const disk = new PowerCutDisk('/data');
    const journal = open('/data', { segmentBytesMax: 1_000 }, disk);
    for (let number = 0; number < 20; number += 1) {
      append(journal, sent(number));
      journal.commit();
    }
    const files = () => disk.list('/data/journal').filter((name) => name.endsWith('.seg')).length;
    const before = files();
    journal.advanceCheckpoint(journal.head);
    journal.trimLater();
    journal.trimLater();
    expect(files()).toBe(before - 1);
    disk.endSyncs();
    await Promise.resolve();
    expect(files()).toBe(before - 2);
    journal.trim();
    expect(files()).toBe(1);
    disk.endSyncs();
    journal.close();
  });

  it('never finds an older trimmed file without a younger one: each is gone for good before the next goes', () => {
    const disk = new PowerCutDisk('/data');
    const journal = open('/data', { segmentBytesMax: 1_000 }, disk);
    for (let number = 0; number < 20; number += 1) {
      append(journal, sent(number));
      journal.commit();
    }
    const order = disk.removals();
    journal.advanceCheckpoint(journal.head);
    journal.trim();
    expect(order.length).toBeGreaterThan(4);
    expect(order).toEqual(order.map((_, at) => (at % 2 === 0 ? 'unlink' : 'sync')));
  });
});
