/** A replica that lives through kills, power cuts and trims, on a disk of its own. */
import { expect } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { PassedOver, RulesTable } from '../../src/shared-log/apply-rules.ts';
import { Replica } from '../../src/shared-log/replica.ts';
import { ReplicaIds } from '../../src/shared-log/replica-ids.ts';
import { windowOf } from '../../src/shared-log/replica-window.ts';
import { PowerCutDisk } from '../journal/power-cut-disk.ts';
import { open } from '../journal/support.ts';
import type { SpooledEvent } from './rows.ts';

export const epoch = 'a8098c1a-f86e-11da-bd1a-00112444be1e';
export const firstSeq = 1_000_001;
export const idsMax = 8;
export const idsMs = 60_000;
const bounds = { idsMax, idsMs };

export interface Message {
  readonly ms: number;
  readonly data: () => Buffer;
  readonly events: readonly SpooledEvent[];
  readonly judgedAt: number;
  readonly isDamaged: boolean;
}

/** One replica on a disk of its own, all of it kept, or with its ids in files so that what is stored may go. */
export class Life {
  readonly disk = new PowerCutDisk('/data');
  readonly passedOver: (PassedOver | null)[] = [];
  readonly taken: number[][] = [];
  readonly #hasIdFiles: boolean;
  #rules: RulesTable | null;
  #ids: ReplicaIds | null = null;
  #bootId = 1;
  #isTrimmed = false;
  log: Journal;
  replica: Replica;

  /** `rules`: that it knows, where these are not the product's. */
  constructor(hasIdFiles = false, rules: RulesTable | null = null) {
    this.#hasIdFiles = hasIdFiles;
    this.#rules = rules;
    [this.log, this.replica] = this.#open();
  }

  restart(how: 'kill' | 'stop' | 'power cut', random: () => number): void {
    // What a power cut may take of what was trimmed is a case for a new replica.
    if (how === 'power cut' && this.#isTrimmed) return;
    if (how === 'stop') {
      this.log.close();
      this.#ids?.close();
    } else if (how === 'kill') this.disk.kill();
    else {
      this.disk.powerCut({ random, pageBytes: 512 });
      this.#bootId += 1;
    }
    [this.log, this.replica] = this.#open();
  }

  /** Another version is started. */
  learn(rules: RulesTable): void {
    this.#rules = rules;
    this.restart('stop', () => 0);
  }

  apply(messages: readonly Message[], upTo: number): void {
    for (let stream = this.replica.applying + 1; stream <= upTo; stream += 1) {
      if (this.#ids?.isOverdue(this.replica.seq)) this.commit();
      const { ms, data } = messages[stream - 1] ?? expect.unreachable();
      const outcome = this.replica.apply(stream, ms, data());
      if (typeof outcome === 'string') expect.unreachable();
      else {
        this.passedOver[stream - 1] = outcome.passedOver;
        // Its first row stands in the spool as this one.
        const first = 1 + (stream - 1) * 10;
        this.taken[stream - 1] = outcome.taken.map(({ seq }) => seq - first);
      }
    }
  }

  commit(): void {
    this.replica.commit();
    if (this.#ids?.isDue(this.log.head)) this.#ids.keep(this.log.head);
  }

  /** All up to here is stored, and goes from the log. */
  trim(share: number): void {
    if (this.#ids === null || this.#bootId > 1) return;
    const upTo = this.log.oldest - 1 + Math.floor(share * (this.log.head - this.log.oldest + 1));
    this.#ids.keep(upTo);
    this.log.advanceCheckpoint(upTo);
    this.log.trim();
    this.#isTrimmed = true;
  }

  rows(): string {
    const { oldest, head } = this.log;
    return this.log.read(oldest, Number.MAX_SAFE_INTEGER, head).rows.toString();
  }

  #open(): [Journal, Replica] {
    const how = { segmentBytesMax: 3_000, budgetBytesMax: 1_000_000, replicaOf: { epoch, firstSeq } };
    const log = open('/data', how, this.disk, undefined, `boot ${this.#bootId}`);
    const parts = { directory: '/data', replica: log, sync: true, files: this.disk, log: createLog('silent') };
    const ids = this.#hasIdFiles ? new ReplicaIds({ hasBefore: false, ...parts, ...bounds }) : null;
    this.#ids = ids;
    const rules = this.#rules === null ? {} : { rules: this.#rules };
    return [log, new Replica({ log, openWindow: () => ids?.open() ?? windowOf(log, bounds), ...bounds, ...rules })];
  }
}
