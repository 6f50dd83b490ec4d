/**
 * What must hold after any kills: I1 (acknowledged is stored, once), I8 (no row twice, no seq left out), I3 (each
 * connection saw no event twice, none that is not stored, and no hole in what it saw). Gives sentences; none is good.
 *
 * After power cuts in process mode what was acknowledged, or seen, may be gone, or have come again under a seq of a
 * later epoch. Then only what is stored counts, where a connection can have seen it as it is stored: all of that which
 * lies before the newest such row that the connection saw was owed to it, as ever.
 */
import type { Producer } from './producers.ts';
import type { StoredRow, Witness } from './stored.ts';
import type { Seen } from './subscribers.ts';

export function brokenLaws(
  producers: readonly Pick<Producer, 'name' | 'acknowledged'>[],
  connections: readonly Seen[],
  witness: Witness,
  /** After power cuts in process mode. */
  mayLose = false,
): string[] {
  const index = indexRows(witness, mayLose);
  return [
    ...onlyOnce(witness),
    ...withoutHoles(witness),
    ...(mayLose ? [] : acknowledgedIsStored(producers, witness)),
    ...connections.flatMap((seen, nth) => exactFeed(seen, index).map((what) => `${seen.subscriber} #${nth}: ${what}`)),
  ];
}

function onlyOnce({ count, distinctSeqs, distinctIds }: Witness): string[] {
  if (count === distinctSeqs && count === distinctIds) return [];
  return [`stored twice: ${count} rows, ${distinctSeqs} seqs, ${distinctIds} ids`];
}

/** In each epoch every seq from its first to its last is a row or a dead letter. */
function withoutHoles({ rows, deadLetters, epochs }: Witness): string[] {
  const seqs = [...new Set([...rows.map(({ seq }) => seq), ...deadLetters.keys()])].sort((one, other) => one - other);
  let missing = 0;
  let epoch = 0;
  for (const [at, seq] of seqs.entries()) {
    const before = seqs[at - 1] ?? seq - 1;
    while (epoch < epochs.length && epochs[epoch]! <= before) epoch += 1;
    // The first row of the next epoch: its first seq, or what came later than that.
    const expected =
      (epochs[epoch] ?? Number.POSITIVE_INFINITY) <= seq ? epochs.findLast((first) => first <= seq)! : before + 1;
    missing += seq - expected;
  }
  return missing > 0 ? [`${missing} seqs are left out`] : [];
}

function acknowledgedIsStored(
  producers: readonly Pick<Producer, 'name' | 'acknowledged'>[],
  { rows, deadLetters }: Witness,
): string[] {
  const kept = new Set([...rows.map(({ key }) => key), ...deadLetters.values()]);
  return producers.flatMap(({ name, acknowledged }) => {
    const lost = [...acknowledged].filter((key) => !kept.has(key));
    return lost.length === 0 ? [] : [`${name}: ${lost.length} acknowledged events are lost, e.g. ${lost[0]}`];
  });
}

/** What is stored, made ready for many connections among a million rows. */
export interface RowIndex {
  /** In seq order. */
  readonly rows: readonly StoredRow[];
  readonly rowOf: ReadonlyMap<number, StoredRow>;
  /** Keys. */
  readonly dead: ReadonlySet<number>;
  /** The latest `occurred` of the rows up to each. */
  readonly latest: Float64Array;
  /** First seqs, rising. */
  readonly epochs: readonly number[];
  /** Whether what was seen may be gone. */
  readonly mayLose: boolean;
}

export function indexRows({ rows, deadLetters, epochs }: Witness, mayLose = false): RowIndex {
  const latest = new Float64Array(rows.length);
  let max = 0;
  for (const [at, { occurred }] of rows.entries()) {
    max = Math.max(max, occurred);
    latest[at] = max;
  }
  return {
    rows,
    rowOf: new Map(rows.map((row) => [row.key, row])),
    dead: new Set(deadLetters.values()),
    latest,
    epochs,
    mayLose,
  };
}

/** Dead letters are seen live and in the log, but not in history: they are checked for repeats only. */
export function exactFeed(seen: Seen, index: RowIndex): string[] {
  const { rowOf, dead, mayLose } = index;
  const broken: string[] = [];
  const keys = new Set(seen.keys);
  if (keys.size < seen.keys.length) broken.push(`${seen.keys.length - keys.size} events came twice`);
  const unknown = mayLose ? [] : [...keys].filter((key) => !rowOf.has(key) && !dead.has(key));
  if (unknown.length > 0) broken.push(`${unknown.length} events came that are not stored, e.g. ${unknown[0]}`);
  const bound = mayLose ? firstUnseen(seen, index) : Number.POSITIVE_INFINITY;
  const came = seen.keys.flatMap((key) => rowOf.get(key) ?? []).filter(({ seq }) => seq < bound);
  const holes = holesIn(came, seen, index);
  if (holes.length > 0) broken.push(`${holes.length} of ${came.length} are missing, e.g. seq ${holes[0]?.seq}`);
  return broken;
}

const seqsPerSecond = 2 ** 20;

/**
 * The first seq of an epoch that had perhaps not begun when the connection ended: an epoch's first seq tells a second,
 * in which it began or shortly before. What is stored from there on may have been seen under a seq that was lost.
 */
function firstUnseen({ endedMs }: Seen, { epochs }: RowIndex): number {
  if (endedMs === null) return Number.POSITIVE_INFINITY;
  const second = Math.floor(endedMs / 1000);
  return epochs.find((first) => Math.floor(first / seqsPerSecond) >= second) ?? Number.POSITIVE_INFINITY;
}

/**
 * All that matches from the first to the newest seq that came must have come, unless the connection was cut in what
 * comes from the store.
 */
function holesIn(came: readonly StoredRow[], { backfill, sinceMicros }: Seen, index: RowIndex): readonly StoredRow[] {
  const [first] = came;
  if (first === undefined) return [];
  const newest = came.reduce((max, { seq }) => Math.max(max, seq), 0);
  const keys = new Set(came.map(({ key }) => key));
  const missing: StoredRow[] = [];
  for (let at = firstSince(index, sinceMicros); at < index.rows.length; at += 1) {
    const row = index.rows[at]!; // `at` is within the rows
    if (row.seq > newest) break;
    if (row.occurred >= sinceMicros && !keys.has(row.key) && (backfill || row.seq >= first.seq)) missing.push(row);
  }
  return missing.length > 0 && backfill ? notExcused(missing, came) : missing;
}

/**
 * What the store gives comes by (occurred, id), as of a checkpoint of at least the newest seq of it: cut there, a
 * connection misses only what lies behind its last row. That may be its history, or, behind what it has read of the
 * log, what was trimmed before it got there.
 */
function notExcused(missing: readonly StoredRow[], came: readonly StoredRow[]): readonly StoredRow[] {
  let from = came.length - 1;
  while (from > 0 && isBefore(came[from - 1]!, came[from]!)) from -= 1;
  // Where seqs still run on in time order the log has not ended: the stretch begins where all before it is below all of
  // it.
  let newestBefore = came.slice(0, from).reduce((max, { seq }) => Math.max(max, seq), 0);
  const oldestFrom = oldestBehind(came);
  while (from < came.length && newestBefore > oldestFrom[from]!) {
    newestBefore = Math.max(newestBefore, came[from]!.seq);
    from += 1;
  }
  if (from === came.length) return missing;
  return missing.filter((row) => row.seq <= newestBefore || isBefore(row, came.at(-1)!));
}

/** The least seq from each row on. */
function oldestBehind(came: readonly StoredRow[]): Float64Array {
  const oldest = new Float64Array(came.length);
  let min = Number.POSITIVE_INFINITY;
  for (let at = came.length - 1; at >= 0; at -= 1) {
    min = Math.min(min, came[at]!.seq);
    oldest[at] = min;
  }
  return oldest;
}

/** Where the first row stands that occurred then or later: no row before it did. */
function firstSince({ latest }: RowIndex, sinceMicros: number): number {
  let from = 0;
  let to = latest.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (latest[middle]! < sinceMicros) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Ids rise with keys. */
function isBefore(one: StoredRow, other: StoredRow): boolean {
  return one.occurred === other.occurred ? one.key < other.key : one.occurred < other.occurred;
}
