/**
 * Reads what the store has of a question: groups of the events with seq in (after, upTo]. Each row lies in the window,
 * in one step of it, or in one slot behind its end.
 */
import type { Store } from '../clickhouse/store.ts';
import type { CountBudget } from './budget.ts';
import { momentOfMicros } from './exact-time.ts';
import { projectedGroupsSql } from './projected-groups-sql.ts';
import type { CountWindow, Question } from './question.ts';
import { type CountedRange, type GroupsStatement, storedGroupsSql } from './stored-groups-sql.ts';
import { type Key, Tally } from './tally.ts';

export interface StoredGroup {
  readonly key: Key;
  /** Behind the end of the window; null within. */
  readonly slot: number | null;
  readonly tally: Tally;
}

interface GroupRow {
  readonly key: string;
  readonly slot: string | number;
  readonly count: string | number;
  readonly first: string;
  readonly last: string;
  readonly name?: string;
  /** Of a projection: how many events of it are not to be counted. */
  readonly above?: string | number;
}

/** Rejects with a Failure of the store, or `tooManyCountBytes`. */
export type ReadStored = (
  question: Question,
  span: CountWindow,
  range: CountedRange,
  signal: AbortSignal,
) => Promise<readonly StoredGroup[]>;

export interface StoredGroupsParts {
  readonly store: Pick<Store, 'rows'>;
  readonly budget: CountBudget;
  readonly groupsMax: number;
}

export function storedGroupsReader(parts: StoredGroupsParts): ReadStored {
  return async (question, span, range, signal) => {
    const { groupsMax } = parts;
    const quick = projectedGroupsSql(question, span, range, groupsMax);
    const found = quick === null ? null : await readRows(parts, question, quick, signal);
    // A projection knows no seqs. Few events are above the checkpoint and long past.
    if (found?.every(({ above }) => Number(above) === 0)) return found.map(groupOf(question));
    const rows = await readRows(parts, question, storedGroupsSql(question, span, range, groupsMax), signal);
    return rows.map(groupOf(question));
  };
}

async function readRows(
  { store, budget }: StoredGroupsParts,
  { buckets }: Question,
  { sql, params, settings }: GroupsStatement,
  signal: AbortSignal,
): Promise<readonly GroupRow[]> {
  let held = 0;
  const taken = (bytes: number): void => {
    budget.take(bytes);
    held += bytes;
  };
  try {
    const rows = await store.rows<GroupRow>(sql, params, { signal, settings, taken });
    return buckets === null ? rows : rows.filter(({ count }) => Number(count) > 0);
  } finally {
    budget.give(held);
  }
}

function groupOf({ buckets }: Question): (row: GroupRow) => StoredGroup {
  return ({ key, slot, count, first, last, name }) => ({
    key: buckets === null ? key : Number(key),
    slot: Number(slot) < 0 ? null : Number(slot),
    tally: new Tally(Number(count), momentOfMicros(BigInt(first)), momentOfMicros(BigInt(last)), name ?? null),
  });
}
