/**
 * When ClickHouse refuses an insert for what is in it: by a code of this table, which a parser, a constraint or a
 * function of a default has, and a connection has not. Where one server reads from another that dies, it ends in the
 * codes of a reader that met an early end: a batch that was halved for one of those would be stored twice (I8).
 */

export interface ContentRow {
  /** As https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp has it. */
  readonly name: string;
  /** What of a row causes it. */
  readonly reason: string;
  /** What reads from another server has this code too: it counts only where a row or the parser is named. */
  readonly needsWords: boolean;
}

const row = (name: string, reason: string): ContentRow => ({ name, reason, needsWords: false });
const shared = (name: string, reason: string): ContentRow => ({ name, reason, needsWords: true });

const field = "a field is no text of its column's type";
const outside = "a value lies outside of its column's type, or of what a function of a default takes";

export const contentRows: Readonly<Record<string, ContentRow>> = {
  '6': row('CANNOT_PARSE_TEXT', field),
  '25': row('CANNOT_PARSE_ESCAPE_SEQUENCE', field),
  '26': row('CANNOT_PARSE_QUOTED_STRING', field),
  '27': row('CANNOT_PARSE_INPUT_ASSERTION_FAILED', 'a row has too few or too many fields'),
  '38': row('CANNOT_PARSE_DATE', field),
  '41': row('CANNOT_PARSE_DATETIME', field),
  '69': row('ARGUMENT_OUT_OF_BOUND', outside),
  '72': row('CANNOT_PARSE_NUMBER', field),
  '117': shared('INCORRECT_DATA', field),
  '131': shared('TOO_LARGE_STRING_SIZE', 'a field is longer than ClickHouse takes'),
  '190': row('SIZES_OF_ARRAYS_DONT_MATCH', 'the related resources do not make arrays of one length'),
  '321': row('VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE', outside),
  '376': row('CANNOT_PARSE_UUID', 'the id is no UUID'),
  '407': row('DECIMAL_OVERFLOW', outside),
  '441': row('CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING', field),
  '469': row('VIOLATED_CONSTRAINT', 'the envelope does not parse, or names no resource'),
  '632': row('UNEXPECTED_DATA_AFTER_PARSED_VALUE', field),
};

const ofRow = /\bat row \d|RowInputFormat\b/;
const ofConnection = /\b(?:packet from|(?:from|to) socket|Connection (?:refused|reset))\b/;

/** What ClickHouse says of the content of an insert; null if it says nothing of it. */
export function contentRow({ code, message }: { readonly code: string; readonly message: string }): ContentRow | null {
  const found = contentRows[code];
  if (found === undefined || ofConnection.test(message)) return null;
  return found.needsWords && !ofRow.test(message) ? null : found;
}
