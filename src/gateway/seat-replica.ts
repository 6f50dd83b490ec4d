/**
 * Sees to it that a gateway's replica can be followed on: one that needs what the stream does not have any more begins
 * anew, behind what ClickHouse has. Its spool stays, and is judged again.
 */
import { StartRefused } from '../base/errors.ts';
import type { FilePort } from '../base/file-port.ts';
import type { Log } from '../base/log.ts';
import { beginReplica, isHalfBegun, type ReplicaPlace } from '../journal/begin-replica.ts';
import type { Journal } from '../journal/journal.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { infoOf, type OpenedStream } from '../nats/open-stream.ts';
import { untilAnswered } from '../nats/until-answered.ts';
import { readBase } from './log-base.ts';

export interface SeatParts {
  readonly nats: Nats;
  /** To be followed. */
  readonly stream: OpenedStream;
  /** That the folder follows; null for a new one. */
  readonly known: OpenedStream | null;
  /** Of the replica. */
  readonly directory: string;
  /** Opens the replica that is there; null where none is. */
  readonly open: () => Journal | null;
  readonly files: FilePort;
  readonly now: () => number;
  readonly log: Log;
}

const againMs = 1_000;
/** Whoever writes says within seconds where to begin, if ClickHouse has it all. */
const baseMs = 60_000;

/** Rejects with StartRefused. */
export async function seatReplica(parts: SeatParts): Promise<void> {
  const failed = (error: unknown): void => parts.log.info({ err: error }, 'no place to begin at is known yet');
  const { files, directory, known, stream, open } = parts;
  const isOther = known !== null && known.epoch !== stream.epoch;
  const isHalf = isHalfBegun(files, directory) || isOther || (known === null && isLater(stream));
  const journal = isHalfBegun(files, directory) ? null : open();
  journal?.close();
  if (isOther) refuseFurther(journal, stream);
  const applied = isHalf ? 0 : (journal?.applied.stream ?? 0);
  try {
    await untilAnswered(() => seat(parts, applied, isHalf), { againMs, withinMs: baseMs, failed });
  } catch (cause) {
    if (cause instanceof StartRefused) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StartRefused(`This gateway cannot follow the shared log from where it is: ${why}`, { cause });
  }
}

async function seat(
  { nats, stream, directory, files, now, log }: SeatParts,
  applied: number,
  isHalf: boolean,
): Promise<void> {
  const found = await infoOf(nats, stream.name);
  const first = found?.state.first_seq ?? 0;
  if (first <= applied + 1) {
    if (isHalf) beginReplica(files, directory, stream, beginningOf(stream), now());
    return;
  }
  const base = await readBase(nats, stream.name, stream.epoch);
  if (base === null || base.stream + 1 < first) {
    throw new Error(
      `the stream ${stream.name} begins at message ${first}, ${applied + 1} is needed next, and no gateway says yet ` +
        'up to where ClickHouse has all.',
    );
  }
  log.warn({ applied, ...base }, 'the stream does not have what this replica needs next: it begins anew');
  beginReplica(files, directory, stream, base, now());
}

/** Its replicas are begun with what came before, or with the rules by which it begins. */
function isLater({ after, firstRules = 1 }: OpenedStream): boolean {
  return after !== null || firstRules !== 1;
}

function beginningOf({ firstSeq, firstRules = 1 }: OpenedStream): ReplicaPlace {
  return { stream: 0, receivedMs: 0, seq: firstSeq - 1, rules: firstRules };
}

/** What only this replica has of the epoch before would be lost from everywhere but the spools. */
function refuseFurther(journal: Journal | null, { after, name }: OpenedStream): void {
  if (journal === null || after === null || journal.head <= after.seq) return;
  throw new StartRefused(
    `The stream ${name} was made anew by \`sluice cluster recover\`, where all up to seq ${after.seq} was known, and ` +
      `this replica has all up to ${journal.head}. Remove its folder \`replica\` to go on: what the spools of all ` +
      'gateways hold of the rest comes in anew.',
  );
}
