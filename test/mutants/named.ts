/**
 * Single changes that once went unseen by every test. Each is a law's own mutant: always tried, whatever the sample is.
 */
export interface NamedChange {
  readonly name: string;
  readonly file: string;
  /** The text of one expression or statement, as it stands in the file; where it stands twice, the first. */
  readonly find: string;
  /** What stands in its place; '' leaves a statement out. */
  readonly text: string;
}

const fanOut = 'src/feed/fan-out.ts';
const topics = 'src/feed/filter-topics.ts';
const insertNext = 'src/table-writer/insert-next.ts';

export const namedChanges: readonly NamedChange[] = [
  {
    name: 'of several `until` the latest counts',
    file: topics,
    find: 'timeKey(until) < topic.until',
    text: 'timeKey(until) > topic.until',
  },
  {
    name: '`since` itself is not in the window',
    file: fanOut,
    find: 'occurred >= timeKey(since)',
    text: 'occurred > timeKey(since)',
  },
  {
    name: "only the first member's `since` counts",
    file: topics,
    find: 'if (timeKey(since) > topic.since) topic.since = timeKey(since);',
    text: "if (topic.since === '') topic.since = timeKey(since);",
  },
  {
    name: 'the checkpoint passes a refused event before it is in the dead letter',
    file: insertNext,
    find: 'await deadLetter.add({ seq, epoch: journal.epochOf(seq), reason, row });',
    text: `await this.#advance(chunk, 'deadLettered');
      await deadLetter.add({ seq, epoch: journal.epochOf(seq), reason, row });
      return;`,
  },
  {
    name: 'the dead letter is not synced',
    file: 'src/table-writer/dead-letter.ts',
    find: 'files.sync(file);',
    text: '',
  },
  {
    name: 'parked events committed while an fdatasync runs count as synced',
    file: 'src/journal/group-sync.ts',
    find: 'Math.max(this.#parked, parked)',
    text: 'this.#parts.newest().parked',
  },
  {
    name: 'every token is unmistakable',
    file: 'src/filter/token-sql.ts',
    find: "token.indexOf('=') === token.lastIndexOf('=')",
    text: 'true',
  },
  {
    name: 'the repeat guard is off',
    file: 'src/feed/repeat-guard.ts',
    find: 'ids?.has(id()) ?? false',
    text: 'false',
  },
  {
    name: 'ids are written after the checkpoint',
    file: insertNext,
    find: 'keepIds(chunk.last);',
    text: 'setImmediate(() => keepIds(chunk.last));',
  },
  {
    name: 'the disk is not looked at after the clock stepped back',
    file: 'src/journal/disk-budget.ts',
    find: 'Math.abs(now - this.#checkedAt) < checkMs',
    text: 'now - this.#checkedAt < checkMs',
  },
  {
    name: 'secrets are compared by the first byte of their hashes',
    file: 'src/access/credentials.ts',
    find: 'timingSafeEqual(digest(secret), expected)',
    text: 'digest(secret)[0] === expected[0]',
  },
  {
    name: 'made tokens are compared by the first byte of their hashes',
    file: 'src/access/made-token.ts',
    find: 'timingSafeEqual(given, expected.length === 32 ? expected : nobody)',
    text: 'given[0] === expected[0]',
  },
];
