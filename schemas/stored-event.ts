/**
 * An accepted event with its place in the log: made once by accept, or read back from the log.
 */
import type { EventBody } from './event.ts';

export interface StoredEvent {
  /** The position in the log; rising, without holes within an epoch; a safe integer. */
  readonly seq: number;
  /**
   * The canonical JSON text: one line without tab or newline, the same bytes for journal, subscribers and ClickHouse
   * (I2).
   */
  readonly raw: string;
  /**
   * What a text filter searches: name, label values, payload keys and values, folded once (I6). Pieces end in
   * `searchSeparator`.
   */
  readonly search: string;
  readonly body: EventBody;
}

/**
 * Ends each piece of the search text; never part of a piece nor of a search term, so no term matches across two pieces.
 */
export const searchSeparator = '\u001f';

const unsearchable = new RegExp(`[\\t\\n\\r${searchSeparator}]`, 'g');

/**
 * Folds text for searching: case, the two small sigmas (which lower-casing picks by context), lone surrogates, and the
 * characters that the search text cannot hold.
 */
export function foldText(text: string): string {
  return withoutBreaks(foldLetters(text));
}

/** The part of `foldText` that is for each piece by itself: the separator and what breaks lines become spaces. */
export function withoutBreaks(text: string): string {
  return text.replace(unsearchable, ' ');
}

/** The part of `foldText` that may be done to several pieces at once, separators included. */
export function foldLetters(text: string): string {
  return text.toWellFormed().toLowerCase().replaceAll('ς', 'σ');
}
