/**
 * A row on its way into the journal, which gives it its number: it writes itself, from texts or from the bytes that
 * were sent.
 */
export interface RowSource {
  /** No more than this is written. */
  readonly rowBytesMax: number;
  /**
   * Writes `number \t id \t received \t occurred \t head \t search \t raw \n` (row.ts), all in UTF-8; gives the place
   * behind it.
   */
  writeRow(into: Buffer, at: number, number: number, receipt: ReceiptTexts): number;
}

/** One time of receipt in its two forms. */
export interface ReceiptTexts {
  /** Canonical, as in the event's text. */
  readonly received: string;
  /** `YYYY-MM-DD hh:mm:ss.ffffff`, as in the row. */
  readonly column: string;
}

/** Of number, id, times and `head` with their tabs, at most. */
export const columnBytesMax = 160;
