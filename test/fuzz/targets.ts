/**
 * What the process does with each message, as its own functions do it: without sockets, disk and ClickHouse.
 */

import { createHash } from 'node:crypto';
import { resourceIdLabel, resourceRoleLabel } from '../../schemas/event.ts';
import { wholeScope } from '../../schemas/read-scope.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { parseStreamId } from '../../schemas/wire.ts';
import { createCredentials } from '../../src/access/credentials.ts';
import type { SigningKeys } from '../../src/base/keys.ts';
import { isBeyondEvent } from '../../src/event-text/judge-bytes.ts';
import { PlainReader } from '../../src/event-text/plain-event.ts';
import { readBatch, readBatchSteps, readMessage } from '../../src/event-text/read-events.ts';
import { rewriteJson } from '../../src/event-text/rewrite-json.ts';
import { textEvent } from '../../src/event-text/text-event.ts';
import { createHeldFilters } from '../../src/feed/held-filters.ts';
import { openResumeToken } from '../../src/feed/resume-token.ts';
import { FilterIndex } from '../../src/filter/filter-index.ts';
import { compilePredicate } from '../../src/filter/predicate.ts';
import { defaultFilter, validateFilter } from '../../src/filter/validate-filter.ts';
import { parsePosition } from '../../src/history/position.ts';
import { openToken } from '../../src/query/page-token.ts';
import { validateCount, validateExportBody, validatePageBody } from '../../src/query/validate-body.ts';
import { createAuthenticator } from '../../src/server/authenticate.ts';
import { invalidRequest } from '../../src/server/http-answer.ts';
import { readJsonBody } from '../../src/server/json-body.ts';
import { type FilterOutcome, judgeFilterMessage } from '../../src/server/read-filter-message.ts';
import { readObject } from '../../src/server/read-message.ts';
import { readStreamRequest } from '../../src/server/read-stream-request.ts';
import { isJsonType } from '../../src/server/request-head.ts';
import { findRoute } from '../../src/server/route-table.ts';
import type { Meeting } from './filter-cases.ts';

const now = new Date('2026-11-22T12:00:00Z');
const terms = { scope: wholeScope, now, backfillMaxMs: 900_000, historyMaxMs: 900_000 };
const reader = new PlainReader();
const row = Buffer.alloc(16 * 1024 * 1024);
const receipt = { received: '2026-11-22T10:00:00.5Z', column: '2026-11-22 10:00:00.500000' };

/** A message of `/in`, to the end of its row. */
export function takeMessage(bytes: Buffer): void {
  if (isBeyondEvent(bytes)) return;
  const plain = reader.readMessage(bytes);
  if (plain !== null) return void plain.writeRow(row, 0, 1, receipt);
  const read = readMessage(bytes);
  if (read.ok) textEvent(read.event).writeRow(row, 0, 1, receipt);
}

/** A body of one event. */
export function takeBody(bytes: Buffer): void {
  const plain = reader.readBatch(bytes);
  if (plain !== null) return;
  const read = readBatch(bytes, true);
  if (!read.ok) void invalidRequest(read.issues, read.requestBodyJson);
}

/** The parts in which a body is judged, each as work of its own. */
export function slicesOf(bytes: Buffer): () => boolean {
  const plain = new PlainReader().readBatchSteps(bytes);
  const general = readBatchSteps(bytes, true);
  let isPlainOver = false;
  return () => {
    if (isPlainOver) return general.next().done === true;
    const { done, value } = plain.next();
    isPlainOver = done === true;
    return done === true && value !== null;
  };
}

/** A subscriber's message, in the turn in which it is read. */
export function readFilter(filter: string): FilterOutcome {
  return judgeFilterMessage(readObject(Buffer.from(`{"type":"filter","filter":${filter}}`), false), terms);
}

/** The next one, in which a large filter is held and compiled; null for one that is refused. */
export function holding(filter: string): (() => void) | null {
  const outcome = readFilter(filter);
  return outcome.ok ? () => void createHeldFilters(2 ** 40).hold([outcome.request.filter]) : null;
}

/** The turn in which it becomes live, and the one in which it leaves; null for a filter that is refused. */
export function joining(filter: string): (() => void) | null {
  const checked = validateFilter(JSON.parse(filter), { loc: [], now, openEnded: true });
  if (!checked.ok) return null;
  const fits = compilePredicate([checked.value]);
  const index = new FilterIndex<number>();
  return () => index.add([checked.value], 1, fits)();
}

/** The three questions, and what is answered if they are none. */
export function ask(filter: string): void {
  const body = Buffer.from(`{"filter":${filter}}`);
  const read = readJsonBody({ body, isJson: true });
  if (!read.ok) return;
  const checked = validatePageBody(read.value, now);
  if (!checked.ok) void invalidRequest(checked.issues, 'null');
}

/** How a refused question is quoted: in slices. */
export function quote(filter: string): void {
  rewriteJson(`{"filter":${filter}}`);
}

/** Any text where one is sent. */
export const textTargets: readonly (readonly [name: string, run: (text: string) => void])[] = [
  [
    'the auth message',
    (text) => void authenticator.readAuthMessage(Buffer.from(`{"type":"auth","token":${JSON.stringify(text)}}`), false),
  ],
  ['the authorization header', (text) => void authenticator.identify(`Basic ${text}`)],
  ['a page token', (text) => attempt(() => openToken(keys, '', text))],
  ['a signed page token', (text) => attempt(() => openToken(keys, '', `${text}.${keys.sign(text)}`))],
  ['a resume token', (text) => attempt(() => openResumeToken(keys, { filters: [anyFilter], seal: '' }, text))],
  [
    'a signed resume token',
    (text) =>
      attempt(() =>
        openResumeToken(keys, { filters: [anyFilter], seal: '' }, `${text}~${keys.sign(`resume.${text}`)}`),
      ),
  ],
  ['a position', (text) => void parsePosition(text)],
  ['a stream id', (text) => void parseStreamId(text)],
  ['a query string', (text) => attempt(() => stream(text))],
  ['a query string with many parameters', (text) => attempt(() => stream(`${'a=1&'.repeat(text.length / 4)}`))],
  ['a filter in the URL', (text) => attempt(() => stream(`filter=${encodeURIComponent(text)}`))],
  ['a content type', (text) => void isJsonType(`application/${text}+json`)],
  ['a path', (text) => void findRoute(`/events/count-by/${text}`)],
  ['a limit', (text) => void validatePageBody({ limit: text }, now)],
  [
    'an interval',
    (text) => void validateCount({ countable: 'time', limits: [text] }, { filter: {}, time_interval: text }, now),
  ],
  ['a unit', (text) => void validateCount({ countable: text, limits: [] }, { filter: {}, time_unit: text }, now)],
  ['an export', (text) => void validateExportBody({ token: text, after: { occurred: text, id: text } }, now)],
  ['a text body', (text) => void readBatch(Buffer.from(text), false)],
];

/** An event against the filter of a live subscriber; null where the filter is refused. */
export function meet({ filter, event }: Meeting, size: number): (() => void) | null {
  const checked = validateFilter(JSON.parse(filter(size)), { loc: [], now, openEnded: true });
  if (!checked.ok) return null;
  const index = new FilterIndex<number>();
  index.add([checked.value], 1);
  const stored = storedEvent(event(size));
  return () => index.forEachMatch(stored, () => undefined);
}

function storedEvent({ label = '', search = '', name = 'e', related = 0 }: ReturnType<Meeting['event']>): StoredEvent {
  const one = (nth: number) => ({ [resourceIdLabel]: `r${nth}`, [resourceRoleLabel]: 'r', l: label });
  const body = {
    ...{ occurred: '2026-11-22T00:00:00Z', event: name, resource: one(0), payload: {}, follows: null },
    ...{ related: Array.from({ length: related }, (_, nth) => one(nth)), id: '00000000-0000-4000-8000-000000000001' },
  };
  return { seq: 1, raw: '', search, body };
}

const authenticator = createAuthenticator(createCredentials({ authString: 'a secret', book: null, jwt: null }));
const anyFilter = defaultFilter({ now, openEnded: true });
const keys: SigningKeys = {
  sign: (text) => createHash('sha256').update(text).digest('base64url'),
  verify: (text, signature) => createHash('sha256').update(text).digest('base64url') === signature,
};

function stream(query: string): void {
  readStreamRequest({ query: new URLSearchParams(query), lastEventId: '' }, terms);
}

/** A refusal is an answer too. */
function attempt(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (error instanceof RangeError) throw error;
  }
}
