/** A replica's log in memory: numbers of events, and marks. */
import { expect } from 'vitest';
import type { AppliedMark } from '../../src/event-log/replica-log.ts';
import type { ReceiptTexts, RowSource } from '../../src/event-log/row-source.ts';

/** What a replica's log has, without its rows. */
export class FakeLog {
  /** Which ids. */
  readonly ids = new Set<number>();
  readonly events: { readonly nth: number; readonly tag: number }[] = [];
  readonly marks: { readonly stream: number; readonly seq: number }[] = [];
  readonly parkedAppended = 0;
  applied: AppliedMark = { stream: 0, receivedMs: 0 };

  get appended(): number {
    return this.events.length;
  }
  append(row: RowSource, receipt: ReceiptTexts, tag: number): number {
    const bytes = Buffer.alloc(row.rowBytesMax);
    const [, id = ''] = bytes.toString('utf8', 0, row.writeRow(bytes, 0, this.appended + 1, receipt)).split('\t');
    const nth = Number(id.slice(-12));
    this.events.push({ nth, tag });
    this.ids.add(nth);
    return this.appended;
  }
  rollBack(): never {
    return expect.unreachable();
  }
  noteApplied(mark: AppliedMark): void {
    this.applied = mark;
    this.marks.push({ stream: mark.stream, seq: this.appended });
  }
}
