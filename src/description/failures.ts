/**
 * The failures of src/base/errors.ts in words, which of them every route or socket may answer with, and their bodies.
 */
import { anything, listOf, objectOf, optional, recordOf, type Schema, text } from '../../schemas/json-schema.ts';
import type { ValidationIssue } from '../../schemas/validation-issue.ts';
import { type FailureName, failures } from '../base/errors.ts';

/** What happened, as the end of "it says no because …". */
export const failureWords: Readonly<Record<FailureName, string>> = {
  unauthorized: 'the credentials are missing or wrong',
  forbidden: 'a right is missing, or a token is not one of ours or belongs to something else',
  doubtfulHead: 'the request can be read in two ways',
  badEvent: 'an event does not validate',
  badMessage: 'it is binary',
  badText: 'it is not JSON, or not UTF-8',
  badFilter: 'a filter, or what stands beside it, does not validate',
  bodyTooLarge: 'the body or message is too large',
  codedBody: 'the body is compressed, or coded in another way',
  bodyTooSlow: 'the body took too long to arrive',
  tooManyBytesInFlight: 'too many bodies are under way',
  journalFull: "the journal's disk budget is spent",
  forwardedBack: 'a Sluice has forwarded it, and this is no Prefect server',
  idTaken: 'an id was first stored under another forced label',
  tooManyParked: 'too many old events wait to be looked up',
  journalFailed: 'the journal could not be written',
  notConfirmed: 'this gateway keeps the events, and the shared log has not confirmed them in time',
  gatewayBehind: 'this gateway has yet to reach that place of the shared log',
  sharedLogLost: 'this gateway cannot follow the shared log any more',
  storeUnavailable: 'ClickHouse does not answer',
  otherWrites: 'another gateway writes into ClickHouse, and only that one can do it',
  storeRefused: 'the database belongs to another journal, or is too old',
  queryTimedOut: 'the question took too long',
  queryTooLarge: 'the question needs more memory than it may have',
  tooManyQueries: 'too many questions run already',
  tooManyAnswerBytes: 'too many answers wait for their readers',
  tooManyFilterBytes: 'the filters of all subscribers take too much memory',
  tooManyGroups: 'a live count has too many groups',
  tooManyCounts: 'too many different live counts are asked already',
  tooManyCountBytes: 'all live counts together take too much memory',
  tooManyAuthenticating: 'too many sockets have not said who they are',
  tooManySockets: 'all places for connections are taken',
  overRate: "the token's rate of events or bytes is used up",
  overConnections: 'the token has as many connections as it may have',
  overQueries: 'the token has as many questions under way as it may have',
  keysUnavailable: 'the keys that sign tokens cannot be had',
  timedOut: 'nothing was heard of the peer in time',
  stalledSubscriber: 'the subscriber read nothing for too long',
  pastRetention: 'what comes next is no longer kept',
  pageFilterGone: 'the filter behind the token is no longer kept',
  closedByOperator: 'an operator closed the connection',
  shuttingDown: 'Sluice is stopping',
  internal: 'a fault of ours, which is logged',
};

/** Whatever is asked. */
export const failsEverywhere: readonly FailureName[] = ['doubtfulHead', 'tooManySockets', 'internal'];
/** Where credentials are looked at. */
export const failsOfAccess: readonly FailureName[] = ['unauthorized', 'keysUnavailable'];
/** Where a body is read. */
export const failsWithBody: readonly FailureName[] = [
  'bodyTooLarge',
  'codedBody',
  'bodyTooSlow',
  'tooManyBytesInFlight',
];
/** Where ClickHouse is asked. */
export const failsOfStore: readonly FailureName[] = [
  'storeUnavailable',
  'storeRefused',
  'queryTimedOut',
  'queryTooLarge',
  'tooManyQueries',
  'overQueries',
  'shuttingDown',
];
/** Where events are taken in. */
export const failsOfIntake: readonly FailureName[] = [
  'idTaken',
  'journalFull',
  'journalFailed',
  'notConfirmed',
  'sharedLogLost',
  'tooManyParked',
  'overRate',
  'storeRefused',
  'shuttingDown',
];
/** Where a feed is opened. */
export const failsOfFeed: readonly FailureName[] = [
  'badFilter',
  'forbidden',
  'tooManyFilterBytes',
  'overConnections',
  'gatewayBehind',
  'closedByOperator',
  'shuttingDown',
];

/** Where a live count is asked for. */
export const failsOfCounts: readonly FailureName[] = ['tooManyGroups', 'tooManyCounts', 'tooManyCountBytes'];

/** By status, in its order. */
export function byStatus(names: Iterable<FailureName>): ReadonlyMap<number, readonly FailureName[]> {
  const statuses = new Map<number, FailureName[]>();
  for (const name of new Set(names)) {
    const { status } = failures[name];
    statuses.set(status, [...(statuses.get(status) ?? []), name]);
  }
  return new Map([...statuses].sort(([one], [other]) => one - other));
}

export const sentence: Schema<{ readonly exception_message: string }> = objectOf(
  { exception_message: text('One sentence that says why.') },
  { title: 'Sentence' },
);

export const detail: Schema<{ readonly detail: string }> = objectOf(
  { detail: text('Why, in a few words.') },
  { title: 'Detail' },
);

const issue: Schema<ValidationIssue> = objectOf<ValidationIssue>(
  {
    type: text('What kind of mistake it is.', { examples: ['missing'] }),
    loc: { type: 'array', items: { type: ['string', 'integer'] }, description: 'Where it is.' },
    msg: text('One sentence.'),
    input: anything,
    ctx: optional(recordOf(anything)),
  },
  { title: 'Mistake' },
);

interface Refusal {
  readonly exception_message: string;
  readonly exception_detail: readonly ValidationIssue[];
  readonly request_body: unknown;
}

export const refusal: Schema<Refusal> = objectOf<Refusal>(
  { exception_message: text('Always the same.'), exception_detail: listOf(issue), request_body: anything },
  { title: 'Refusal', description: 'Every mistake of what was sent, in the words of Prefect.' },
);

export const refusalExample: Refusal = {
  exception_message: 'Invalid request received.',
  exception_detail: [
    {
      type: 'less_than_equal',
      loc: ['body', 'limit'],
      msg: 'Input should be less than or equal to 50',
      input: 99,
      ctx: { le: 50 },
    },
  ],
  request_body: { limit: 99 },
};
