/**
 * What peers were told, by name, and how often. An answer without a name, and a fault of the server's own, is a broken
 * promise.
 */
import { failures } from '../../src/base/errors.ts';
import { isRecord } from './is-record.ts';

/** A handshake, and who has not asked yet, are refused by a status without a body: `Retry-After` says what it is of. */
const placesBy: ReadonlyMap<string, string> = new Map(
  (['tooManySockets', 'tooManyAuthenticating'] as const).map((failure) => {
    const { status, retryAfterSeconds } = failures[failure];
    return [`${status} ${retryAfterSeconds}`, failure];
  }),
);

export class Tally {
  readonly counts = new Map<string, number>();
  readonly #fault: (sentence: string) => void;

  constructor(fault: (sentence: string) => void) {
    this.#fault = fault;
  }

  add(name: string, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  has(name: string): boolean {
    return [...this.counts.keys()].some((each) => each.includes(name));
  }

  /** Of an answer over HTTP: whether it was a good one. */
  answered(status: number, body: string, retryAfter = ''): boolean {
    if (status < 400) return true;
    const sentence = sentenceOf(body) || (placesBy.get(`${status} ${retryAfter}`) ?? '');
    this.add(sentence === '' ? `${status}` : `${status} ${sentence}`);
    if (status === 500) this.#fault(`A request was answered 500: ${body.slice(0, 200)}`);
    else if (sentence === '') this.#fault(`An answer ${status} says no reason: ${JSON.stringify(body.slice(0, 100))}`);
    return false;
  }

  /** Of a close that the server chose. `failure` is the name in its `error` frame, if there was one. */
  closed(code: number, reason: string, failure: string | null): void {
    const isBrokenOff = code === 1006 || code === 1005;
    this.add(failure ?? (isBrokenOff ? 'broken off (1006)' : `close ${code} ${withoutNumbers(reason)}`));
    if (code === 1011) this.#fault(`A socket was closed with 1011: ${reason}`);
    else if (!isBrokenOff && reason === '') this.#fault(`A socket was closed with ${code} and no reason`);
  }
}

/** The first reason of an answer, without what differs from one to the next. */
function sentenceOf(body: string): string {
  try {
    const { exception_message: message, exception_detail: details, detail } = JSON.parse(body);
    const [first] = Array.isArray(details) ? details : [];
    const reason = isRecord(first) && typeof first['type'] === 'string' ? first['type'] : '';
    return reason !== '' ? reason : withoutNumbers(String(message ?? detail ?? ''));
  } catch {
    return withoutNumbers(body.split('\n')[0] ?? '');
  }
}

function withoutNumbers(text: string): string {
  return text
    .replaceAll(/"[^"]*"|'[^']*'/g, '…')
    .replaceAll(/\d+/g, 'N')
    .slice(0, 80);
}
