/**
 * What must hold after any kills: I1 (acknowledged is stored, once), I8 (no row twice, no seq left out), I3 (each connection
 * saw no event twice, none that is not stored, and no hole in what it saw). Gives sentences; none is good.
 */
import type { Producer } from './producers.ts';
import type { StoredRow, Witness } from './stored.ts';
import type { Seen } from './subscribers.ts';

export function brokenLaws(
  producers: readonly Pick<Producer, 'name' | 'acknowledged'>[],
  connections: readonly Seen[],
  witness: Witness,
): string[] {
  return [
    ...onlyOnce(witness),
    ...withoutHoles(witness),
    ...acknowledgedIsStored(producers, witness),
    ...connections.flatMap((seen, nth) =>
      exactFeed(seen, witness).map((what) => `${seen.subscriber} #${nth}: ${what}`),
    ),
  ];
}

function onlyOnce({ count, distinctSeqs, distinctIds }: Witness): string[] {
  if (count === distinctSeqs && count === distinctIds) return [];
  return [`stored twice: ${count} rows, ${distinctSeqs} seqs, ${distinctIds} ids`];
}

/** Every seq from the first to the last is a row or a dead letter. */
function withoutHoles({ rows, deadLetters }: Witness): string[] {
  const seqs = new Set([...rows.map(({ seq }) => seq), ...deadLetters.keys()]);
  const ordered = [...seqs].sort((one, other) => one - other);
  const missing = (ordered.at(-1) ?? 0) - (ordered[0] ?? 0) + 1 - ordered.length;
  return ordered.length > 0 && missing > 0 ? [`${missing} seqs are left out`] : [];
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

/** Dead letters are seen live and in the log, but not in history: they are checked for repeats only. */
export function exactFeed(seen: Seen, { rows, deadLetters }: Witness): string[] {
  const broken: string[] = [];
  const keys = new Set(seen.keys);
  if (keys.size < seen.keys.length) broken.push(`${seen.keys.length - keys.size} events came twice`);
  const dead = new Set(deadLetters.values());
  const rowOf = new Map(rows.map((row) => [row.key, row]));
  const unknown = [...keys].filter((key) => !rowOf.has(key) && !dead.has(key));
  if (unknown.length > 0) broken.push(`${unknown.length} events came that are not stored, e.g. ${unknown[0]}`);
  const came = seen.keys.flatMap((key) => rowOf.get(key) ?? []);
  const holes = holesIn(came, seen, rows);
  if (holes.length > 0) broken.push(`${holes.length} of ${came.length} are missing, e.g. seq ${holes[0]?.seq}`);
  return broken;
}

/** All that matches from the first to the newest seq that came must have come, unless the connection was cut in its history. */
function holesIn(came: readonly StoredRow[], { backfill, sinceMicros }: Seen, rows: readonly StoredRow[]): StoredRow[] {
  const [first] = came;
  if (first === undefined) return [];
  const newest = came.reduce((max, { seq }) => Math.max(max, seq), 0);
  const keys = new Set(came.map(({ key }) => key));
  const missing = rows.filter(
    ({ seq, key, occurred }) =>
      seq <= newest && !keys.has(key) && occurred >= sinceMicros && (backfill || seq >= first.seq),
  );
  if (missing.length === 0 || !backfill || !came.every((row, at) => at === 0 || isBefore(came[at - 1]!, row))) {
    return missing;
  }
  // History comes by (occurred, id), as of a checkpoint of at least `newest`: cut there, it misses only what lies behind.
  return missing.filter((row) => isBefore(row, came.at(-1)!));
}

/** Ids rise with keys. */
function isBefore(one: StoredRow, other: StoredRow): boolean {
  return one.occurred === other.occurred ? one.key < other.key : one.occurred < other.occurred;
}
