/** Rows as a spool holds them, of events with few ids, so that many are sent again. */
import fc from 'fast-check';
import { formatRow } from '../../src/event-log/row.ts';
import { encodeBlock, type RowMark } from '../../src/shared-log/block.ts';

export interface SpooledEvent {
  /** Which id. */
  readonly nth: number;
  readonly text: string;
  readonly hasFraction: boolean;
  readonly tag: number;
  readonly isFromPrefect: boolean;
}

export const spool = '0b5e0d1c-3c56-4c8e-9d51-1a2b3c4d5e6f';

/** `ids`: so many different ones. */
export const spooledEvent = (ids: number): fc.Arbitrary<SpooledEvent> =>
  fc.record({
    nth: fc.nat(ids - 1),
    text: fc.string({ unit: 'grapheme', maxLength: 12 }),
    hasFraction: fc.boolean(),
    tag: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      fc.constantFrom(7, 9),
      fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    ),
    isFromPrefect: fc.boolean(),
  });

export function idOf(nth: number): string {
  return `00000000-0000-4000-8000-${String(nth).padStart(12, '0')}`;
}

/** One row, with the time of its intake. */
export function rowOf(seq: number, { nth, text, hasFraction }: SpooledEvent): string {
  const received = hasFraction ? '2026-11-29T10:00:00.123456Z' : '2026-11-29T10:00:00Z';
  return stamped(seq, { nth, text }, received, `2026-11-29 10:00:00.${hasFraction ? '123456' : '000000'}`);
}

/** The same with another number and time of receipt. */
export function stamped(
  seq: number,
  { nth, text }: Pick<SpooledEvent, 'nth' | 'text'>,
  received: string,
  column: string,
): string {
  const envelope = `{"occurred":"2026-11-29T09:00:00Z","event":"thing","resource":{"prefect.resource.id":"r"},"related":[]`;
  const id = idOf(nth);
  const payload = JSON.stringify({ text, received: '"}' });
  const raw = `${envelope},"payload":${payload},"id":"${id}","follows":null,"received":"${received}"}`;
  const head = Buffer.byteLength(envelope);
  const search = text.replaceAll(/[\t\n]/g, ' ');
  return formatRow({ seq, id, received: column, occurred: '2026-11-29 09:00:00.000000', head, search, raw });
}

/** A block of these events, which stand in the spool from `first` on. */
export function blockOf(events: readonly SpooledEvent[], first: number, judgedAt: number, from = spool): Buffer {
  const pieces = events.map((event, at) => Buffer.from(rowOf(first + at, event)));
  const covers = first + events.length - 1;
  return encodeBlock({ covers, judgedAt, spool: from }, events.length, pieces, marksOf(events));
}

export function marksOf(events: readonly SpooledEvent[]): RowMark[] {
  return events.flatMap(({ tag, isFromPrefect }, nth) =>
    tag === 0 && !isFromPrefect ? [] : [{ nth, tag, isFromPrefect }],
  );
}
