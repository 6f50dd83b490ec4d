/**
 * Applies blocks in the order of the shared log. What becomes of a block depends on nothing but the blocks before it
 * and the times that the shared log gave them, so that all replicas are the same (I2):
 *
 *   message applied + 1 ──► damaged, stale or ahead: nothing of it counts ─────────────────────────────┐
 *          │                                                                                           ▼
 *          └──► each row: its id is among the newest `idsMax` ids, or earlier in the block ──► skipped  mark
 *                         else ──► next seq, the time of the message, its id is known from the next block on
 *
 * A block is stale if ids that were accepted after its sender had looked them up may have left the window. That, and
 * all of this, are rules 1 (apply-rules.ts); a message may change them from itself on.
 */
import { StartRefused } from '../base/errors.ts';
import type { AppliedMark, ReplicaLog } from '../event-log/replica-log.ts';
import { type Row, splitRow } from '../event-log/row.ts';
import type { ReceiptTexts } from '../event-log/row-source.ts';
import { formatTimeForClickHouse, timeOfDate } from '../filter/time.ts';
import { wholeSeconds } from '../filter/whole-seconds.ts';
import type { IdWindow } from '../ids/id-window.ts';
import { type ApplyRules, numbersOf, type PassedOver, productRules, type RulesTable } from './apply-rules.ts';
import { type Block, blockVersion, decodeBlock } from './block.ts';
import type { ControlBlock } from './control-block.ts';
import { isTakenBy } from './judge.ts';
import { letGoOld, type WindowBounds } from './replica-window.ts';
import { StampedRow } from './stamped-row.ts';

export interface ApplierParts extends WindowBounds {
  /** That this version knows; those of the product where none are given. */
  readonly rules?: RulesTable;
  readonly log: Pick<ReplicaLog, 'appended' | 'parkedAppended' | 'append' | 'rollBack' | 'noteApplied' | 'applied'>;
  readonly window: Pick<IdWindow, 'seqOf' | 'tagOf' | 'hasTags' | 'add' | 'oldestSeq' | 'letGoReceivedBefore'>;
  /** Is told of each row as it was appended, before the next one. */
  readonly appended?: (seq: number) => void;
}

export interface AppliedBlock {
  /** Null where it is damaged, or changes the rules. */
  readonly block: Block | null;
  readonly stream: number;
  readonly passedOver: PassedOver | null;
  /** How many of its rows got a seq, and how many were known. */
  readonly accepted: number;
  readonly repeats: number;
  /** Of the repeats those whose ids are taken, as the spool has them. */
  readonly taken: readonly Row[];
}

/** `repeat`: applied already. `gap`: messages before it are missing. Neither has changed anything. */
export type OutOfTurn = 'repeat' | 'gap';

export class Applier {
  readonly #parts: ApplierParts;
  readonly #row = new StampedRow();
  #applied: AppliedMark;
  #receipt: ReceiptTexts = { received: '', column: '' };
  #receiptMs = -1;
  #receivedSeconds = 0;

  constructor(parts: ApplierParts) {
    this.#parts = parts;
    this.#applied = parts.log.applied;
  }

  /** Committed or not. */
  get applied(): AppliedMark {
    return this.#applied;
  }

  /** The newest seq that was given. */
  get seq(): number {
    return this.#parts.log.appended;
  }

  /**
   * `ms`: when the shared log took the message. Throws the log's Failure, and StartRefused for a block of a version
   * that is not known; then nothing has changed.
   */
  apply(stream: number, ms: number, data: Buffer): AppliedBlock | OutOfTurn {
    if (stream <= this.#applied.stream) return 'repeat';
    if (stream !== this.#applied.stream + 1) return 'gap';
    const decoded = decodeBlock(data);
    if (decoded !== 'damaged' && 'unknown' in decoded) throw unknownBlock(stream, decoded.unknown);
    const rules = this.#rules(stream);
    if (decoded !== 'damaged' && 'rulesBefore' in decoded) return this.#change(stream, ms, decoded);
    const block = decoded === 'damaged' ? null : decoded;
    const receivedMs = Math.max(ms, this.#applied.receivedMs);
    this.#stamp(receivedMs);
    const passedOver = block === null ? 'damaged' : this.#passesOver(block, rules);
    const taken: Row[] = [];
    const accepted = block === null || passedOver !== null ? 0 : this.#accept(block, taken);
    this.#note({ ...this.#applied, stream, receivedMs });
    const repeats = block === null || passedOver !== null ? 0 : block.ends.length - accepted;
    return { block, stream, passedOver, accepted, repeats, taken };
  }

  /** In force. Throws StartRefused where this version does not know them. */
  #rules(stream: number): ApplyRules {
    const { rules: table = productRules } = this.#parts;
    const { rules = 1 } = this.#applied;
    const found = table.get(rules);
    if (found === undefined) throw unknownRules(stream, rules, table);
    return found;
  }

  /** Where others are in force than it says, it is one of two that were sent for the same change. */
  #change(stream: number, ms: number, { rulesBefore, rules }: ControlBlock): AppliedBlock {
    const { rules: table = productRules } = this.#parts;
    const isMeant = (this.#applied.rules ?? 1) === rulesBefore;
    if (isMeant && !table.has(rules)) throw unknownRules(stream, rules, table);
    const receivedMs = Math.max(ms, this.#applied.receivedMs);
    this.#note({ ...this.#applied, stream, receivedMs, ...(isMeant && { rules }) });
    const passedOver = isMeant ? null : 'stale';
    return { block: null, stream, passedOver, accepted: 0, repeats: 0, taken: [] };
  }

  #note(mark: AppliedMark): void {
    this.#parts.log.noteApplied(mark);
    this.#applied = mark;
  }

  #passesOver(block: Block, rules: ApplyRules): PassedOver | null {
    const { log, window, idsMax } = this.#parts;
    letGoOld(window, this.#receivedSeconds, this.#parts);
    const { appended } = log;
    return rules.passesOver(block, { appended, leftUpTo: (window.oldestSeq ?? appended + 1) - 1, idsMax });
  }

  /** All its new rows, or none: the window is changed only when all are appended. */
  #accept({ rows, ends, marks }: Block, takenIds: Row[]): number {
    const { log, window, appended } = this.#parts;
    const before = log.appended;
    const hasTags = window.hasTags || marks.length > 0;
    const taken = new Map<string, { readonly seq: number; readonly occurred: string; readonly tag: number }>();
    let nextMark = 0;
    let at = 0;
    try {
      for (const [nth, end] of ends.entries()) {
        const mark = marks[nextMark]?.nth === nth ? marks[nextMark] : undefined;
        if (mark !== undefined) nextMark += 1;
        const id = this.#row.take(rows, at, end);
        at = end;
        const tag = mark?.tag ?? 0;
        const first = taken.get(id)?.tag ?? (window.seqOf(id) === null ? null : window.tagOf(id));
        if (first !== null) {
          if (hasTags && isTakenBy(first, this.#row, tag)) takenIds.push(splitRow(this.#row.text));
          continue;
        }
        const seq = log.append(this.#row, this.#receipt, tag, mark?.isFromPrefect ?? false);
        taken.set(id, { seq, occurred: this.#row.occurred, tag });
        appended?.(seq);
      }
    } catch (error) {
      log.rollBack(before, log.parkedAppended);
      throw error;
    }
    for (const [id, { seq, occurred, tag }] of taken) {
      window.add(id, seq, this.#receivedSeconds, wholeSeconds(occurred), tag);
    }
    return taken.size;
  }

  #stamp(ms: number): void {
    if (ms === this.#receiptMs) return;
    const received = timeOfDate(new Date(ms));
    this.#receiptMs = ms;
    this.#receipt = { received, column: formatTimeForClickHouse(received) };
    this.#receivedSeconds = wholeSeconds(received);
  }
}

function unknownRules(stream: number, rules: number, table: RulesTable): StartRefused {
  return new StartRefused(
    `Message ${stream} of the shared log is to be applied by rules ${rules}, and this version of Sluice knows ` +
      `${numbersOf(table)}: nothing is applied from there on. Start a version that knows them.`,
  );
}

function unknownBlock(stream: number, version: number): StartRefused {
  return new StartRefused(
    `Message ${stream} of the shared log is a block of version ${version}, and this version of Sluice knows ` +
      `${blockVersion}. Start the version that wrote it.`,
  );
}
