/**
 * What a failed statement means: a Failure, by the table of `error-codes.ts`, or "these rows are refused". ClickHouse's
 * own words stay in `cause` and out of messages that peers see; RowsRefused has no cause, for they quote rows.
 */
import { ClickHouseError } from '@clickhouse/client';
import { Failure, StartRefused } from '../base/errors.ts';
import { contentRow } from './content-codes.ts';
import { type CodeRow, codeRows } from './error-codes.ts';

/** ClickHouse refuses the content of an insert: no retry will help, the guilty row must be found. */
export class RowsRefused extends Error {
  override readonly name = 'RowsRefused';
}

/**
 * An error as the answer of an HTTP server, but none that ClickHouse gives a name: of its form reader, or of what
 * stands before it.
 */
export class NamelessAnswer extends Error {
  override readonly name = 'NamelessAnswer';
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

/** What a read or a command that failed is to its caller. */
export function readError(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (!(error instanceof ClickHouseError)) return foreign(error);
  const known = codeRow(error);
  if (known !== undefined) return new Failure(known.failure, sentenceOf(known, error), { cause: error });
  return new Failure('internal', `ClickHouse refused a statement (code ${error.code}, ${error.type}).`, {
    cause: error,
  });
}

/** What an insert that failed is to the table writer: anything but a content error may pass, so it is worth a retry. */
export function insertError(error: unknown): Failure | RowsRefused {
  if (error instanceof Failure) return error;
  if (!(error instanceof ClickHouseError)) return foreign(error);
  if (contentRow(error) !== null) {
    return new RowsRefused(`ClickHouse refused the rows (code ${error.code}, ${error.type}).`);
  }
  const known = codeRow(error);
  const sentence =
    known === undefined
      ? `ClickHouse did not take the insert (code ${error.code}, ${error.type}).`
      : sentenceOf(known, error);
  return new Failure(known?.failure ?? 'storeUnavailable', sentence, { cause: withoutRows(error) });
}

/** The sentence, if the error says that this store must not be used. */
export function refusal(error: unknown): string | null {
  const refused = error instanceof StartRefused || (error instanceof Failure && error.failure === 'storeRefused');
  return refused ? error.message : null;
}

function withoutRows(error: ClickHouseError): Error {
  return new Error(`code ${error.code}, ${error.type}: ${error.message.split('\n')[0]?.slice(0, 200)}`);
}

/**
 * The server that another one lost, as ClickHouse writes it: `(host:9000, …)`, `(peer: host:9000, …)`, `packet from
 * host:9000`, or the name that was not found.
 */
const lostServer = /(?:\((?:peer: )?|packet from )([\w.:[\]-]{1,250}:\d+)|address of host: ([\w-]+(?:\.[\w-]+)*)/;

/** Where one server of several is to blame, it is named: somebody has to start that one. */
function sentenceOf({ isOfServers, sentence }: CodeRow, { message }: ClickHouseError): string {
  const [, address, host] = isOfServers === true ? (lostServer.exec(message) ?? []) : [];
  const name = address ?? host;
  return name === undefined ? sentence : `ClickHouse does not reach its server ${name}.`;
}

/** Two codes mean one thing or another by their text. */
function codeRow({ code, message }: ClickHouseError): CodeRow | undefined {
  if (code === syntaxErrorCode && message.includes('Max query size exceeded')) return codeRows[tooBigCode];
  const isOfServer = code === memoryCode && /\(total\)|User memory limit/.test(message);
  return codeRows[isOfServer ? noMemoryCode : code];
}

const [syntaxErrorCode, tooBigCode, memoryCode, noMemoryCode] = ['62', '168', '241', '173'];

/** Sentences of ClickHouse's HTTP about what was sent: it would say the same again. */
const aboutTheForm = /HTML Form Exception|Too many form fields|Field (?:value|name) too long|URI invalid or too long/i;
/** What a proxy says of a server that it does not reach, or that is busy. */
const passingStatuses = new Set([429, 502, 503, 504]);
const tooLargeStatuses = new Set([413, 414, 431]);
const lockedStatuses = new Set([401, 403, 407]);

/** An error that is none of ClickHouse's own. */
function foreign(error: unknown): Failure {
  const isForm = error instanceof Error && aboutTheForm.test(error.message);
  if (isForm || (error instanceof NamelessAnswer && tooLargeStatuses.has(error.status))) {
    const sentence =
      'The filter is longer than ClickHouse takes (its settings http_max_field_value_size, http_max_fields).';
    return new Failure('queryTooLarge', sentence, { cause: error });
  }
  if (error instanceof NamelessAnswer) return nameless(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new Failure('storeUnavailable', `ClickHouse does not answer${code === '' ? '' : ` (${code})`}.`, {
    cause: error,
  });
}

function nameless(error: NamelessAnswer): Failure {
  const { status } = error;
  if (passingStatuses.has(status)) {
    return new Failure('storeUnavailable', `What stands before ClickHouse answers ${status}.`, { cause: error });
  }
  if (lockedStatuses.has(status) || status === 404) {
    const sentence = `What stands before ClickHouse answers ${status}: it does not take CLICKHOUSE_URL.`;
    return new Failure('storeUnavailable', sentence, { cause: error });
  }
  return new Failure('internal', `ClickHouse refused a statement (HTTP ${status}).`, { cause: error });
}
