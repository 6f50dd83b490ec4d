/** Events for the query tests: rows as the table writer inserts them, and the plain values to compare answers with. */
import { randomUUID } from 'node:crypto';
import type { Filter } from '../../schemas/filter.ts';
import type { Store } from '../../src/clickhouse/store.ts';
import { formatTimeForClickHouse, timeOfDate } from '../../src/filter/time.ts';
import { completeFilter } from '../../src/filter/validate-filter.ts';

export interface Sample {
  readonly seq: number;
  readonly id: string;
  /** Canonical time. */
  readonly occurred: string;
  readonly event: string;
  readonly resource: Readonly<Record<string, string>>;
  /** Canonical text. */
  readonly raw: string;
}

let newestSeq = 1_000_000;

/** The newest seq that any sample has. */
export function newest(): number {
  return newestSeq;
}

export function sample(
  occurred: string,
  event: string,
  resourceId: string,
  labels: Readonly<Record<string, string>> = {},
  id: string = randomUUID(),
): Sample {
  const seq = ++newestSeq;
  const resource = { 'prefect.resource.id': resourceId, ...labels };
  const raw = JSON.stringify({
    occurred,
    event,
    resource,
    related: [],
    payload: { seq },
    id,
    follows: null,
    received: occurred,
  });
  return { seq, id, occurred, event, resource, raw };
}

/** One moment, for a batch may not span two days; today, for old rows expire. */
const received = formatTimeForClickHouse(timeOfDate(new Date()));

export async function insert(store: Store, samples: readonly Sample[], receivedAt = received): Promise<void> {
  const first = samples[0]?.seq;
  if (first === undefined) return;
  const lines = samples.map(({ seq, id, occurred, raw }) => {
    const head = Buffer.byteLength(raw.slice(0, raw.indexOf(',"payload"')));
    return `${[seq, id, receivedAt, formatTimeForClickHouse(occurred), head, '', raw].join('\t')}\n`;
  });
  await store.insertRows(Buffer.from(lines.join('')), `test:${first}-${samples.at(-1)?.seq}`);
}

export function filterOf(since: string, until: string, changes: Partial<Filter> = {}): Filter {
  return completeFilter({ occurred: { since, until }, order: 'DESC', ...changes });
}

/** The order of pages, ascending: by time, then as ClickHouse orders UUIDs (second half first). */
export function inOrder(one: Sample, two: Sample): number {
  return compare(one.occurred.slice(0, -1), two.occurred.slice(0, -1)) || compare(idKey(one.id), idKey(two.id));
}

function idKey(id: string): string {
  const digits = id.replaceAll('-', '');
  return digits.slice(16) + digits.slice(0, 16);
}

function compare(one: string, two: string): number {
  return one < two ? -1 : one > two ? 1 : 0;
}
