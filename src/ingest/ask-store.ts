/**
 * Asks ClickHouse which of some events it has (I11), and of those that came with a forced label, under which label.
 */
import { decidingRead, replicasCaughtUp } from '../clickhouse/deciding-reads.ts';
import { boundKeys, type EventKey, hasKey } from '../clickhouse/event-key.ts';
import type { Store } from '../clickhouse/store.ts';
import { carries } from '../event-log/taken-id.ts';
import type { StoreAnswer } from './intake.ts';

/** `tag` as in TaggedRow. */
export type AskedEvent = EventKey & { readonly tag: number };

/** `upTo`: only what it has up to this seq counts. Rejects as the store does. */
export async function askStore(
  store: Pick<Store, 'rows' | 'command' | 'layout'>,
  events: readonly AskedEvent[],
  signal: AbortSignal,
  upTo: number | null = null,
): Promise<(event: AskedEvent) => StoreAnswer> {
  await replicasCaughtUp(store, signal);
  const columns = events.some(({ tag }) => tag !== 0) ? labelColumns : 'id';
  const sql = `SELECT ${columns} FROM events WHERE ${upTo === null ? '' : 'seq <= {upTo:UInt64} AND '}${hasKey}`;
  const params = { ...boundKeys(events), ...(upTo !== null && { upTo }) };
  const found = await store.rows<Found>(sql, params, { signal, settings: decidingRead });
  const labels = new Map(found.map((each) => [each.id, labelsOf(each)]));
  return ({ id, tag }) => answerOf(labels.get(id), tag);
}

type Label = readonly [key: string, value: string];

interface Found {
  readonly id: string;
  readonly keys?: readonly string[];
  readonly values?: readonly string[];
}

const labelColumns = 'id, mapKeys(resource) AS keys, mapValues(resource) AS values';

function labelsOf({ keys = [], values = [] }: Found): Label[] {
  return keys.map((key, at) => [key, values[at] ?? '']);
}

/** The store does not know which label was forced: an event that carries the sender's is its own. */
function answerOf(labels: readonly Label[] | undefined, tag: number): StoreAnswer {
  if (labels === undefined) return 'new';
  return tag === 0 || carries(labels, tag) ? 'repeat' : 'taken';
}
