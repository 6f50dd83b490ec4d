/**
 * Which journal may write to a database (docs/design.md, "Whose database it is"): the `journals` table tells a second
 * live owner, a swapped or foreign database, and a journal older than the database. Whoever cannot show that it is the
 * one inserts nothing (I1, I8). Times are ClickHouse's own: the clocks of two machines are never compared.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { Failure } from '../base/errors.ts';
import { decidingRead } from './deciding-reads.ts';

/** What a data folder says of itself at the moment of the check. */
export interface JournalFacts {
  /** Names the data folder for ever, its copies and adoptions aside. */
  readonly owner: string;
  readonly epoch: string;
  /** The first seq of the epoch. */
  readonly firstSeq: number;
  readonly checkpoint: number;
  readonly head: number;
  /** The newest seq that was ever sent to a database. */
  readonly sentUpTo: number;
  /** Whether this epoch ever had an insert taken. */
  readonly everInserted: boolean;
  /** Several gateways write it by turns: what the database has above this one's head may be another's. */
  readonly isShared?: boolean;
  /** An operator gives it a database that need not know it, an older backup: then only rivals are refused. */
  readonly isGiven?: boolean;
}

export interface Ownership {
  /** The newest seq of this epoch in ClickHouse; 0 if there is none. */
  readonly maxSeq: number;
  /** A sentence for the log if the database lacks what was inserted: an old backup, or a lost part. */
  readonly doubt: string | null;
}

/** How long a heartbeat makes its owner count as alive. */
export const liveMs = 30_000;

interface Claim {
  readonly epoch: string;
  readonly first_seq: number;
  readonly owner: string;
  readonly age_ms: number;
}

/** Has the server that is asked catch up with what others took (deciding-reads.ts). */
export type CatchUp = () => Promise<void>;

/**
 * Checks, then registers, then looks again for a rival that did the same. Two that do so at once on two servers both
 * register before they look: each look comes after the server has caught up, so one of them sees the other. Throws
 * Failure('storeRefused') with the way on.
 */
export async function checkOwnership(
  client: ClickHouseClient,
  facts: JournalFacts,
  catchUp: CatchUp = nothing,
): Promise<Ownership> {
  await catchUp();
  const claims = await readClaims(client);
  refuseLiveRival(claims, facts);
  const known = claims.some(({ epoch }) => epoch === facts.epoch);
  if (known || facts.isGiven === true) refuseSuccessor(claims, facts);
  else await refuseStranger(client, claims, facts);
  const maxSeq = await newestSeq(client, facts.firstSeq);
  if (facts.isShared !== true) refuseOlder(facts, maxSeq);
  await registerOwner(client, facts);
  await catchUp();
  refuseLiveRival(await readClaims(client), facts);
  const lacks = facts.everInserted && maxSeq < facts.checkpoint;
  return {
    maxSeq,
    doubt: lacks
      ? `The database holds this journal's events up to seq ${maxSeq}, while ${facts.checkpoint} were ` +
        `taken: they expired, went to the dead letter, or the database was restored from an older backup.`
      : null,
  };
}

function refuseOlder(facts: JournalFacts, maxSeq: number): void {
  if (maxSeq > facts.head) {
    refuse(
      `The database holds events of this journal up to seq ${maxSeq}, but the journal ends ` +
        `at ${facts.head}: the data folder is older than the database (restored from a copy?).`,
      facts,
    );
  }
  if (maxSeq > facts.sentUpTo) {
    refuse(
      `The database holds events of this journal up to seq ${maxSeq}, but by the table writer's state none ` +
        `above ${facts.sentUpTo} was sent: the data folder, or its file \`writer\`, is older than the database.`,
      facts,
    );
  }
}

/** Says "alive", and how far this journal is. Throws Failure('storeRefused') if a rival is alive or has taken over. */
export async function heartbeat(
  client: ClickHouseClient,
  facts: JournalFacts,
  catchUp: CatchUp = nothing,
): Promise<void> {
  await catchUp();
  const claims = await readClaims(client);
  refuseLiveRival(claims, facts);
  refuseSuccessor(claims, facts);
  await registerOwner(client, facts);
}

/** Writes the epoch's row with a fresh heartbeat. */
export async function registerOwner(client: ClickHouseClient, facts: JournalFacts): Promise<void> {
  await client.command({
    query: `INSERT INTO journals (epoch, first_seq, owner, head, checkpoint, heartbeat)
      SELECT {epoch:UUID}, {firstSeq:UInt64}, {owner:String}, {head:UInt64}, {checkpoint:UInt64}, now64(3, 'UTC')`,
    query_params: { ...facts },
    clickhouse_settings: { async_insert: 0 },
  });
}

/**
 * For `sluice adopt`: the newest seq that the database knows of; a journal with a new epoch that begins above it, once
 * registered, is the owner. Throws Failure('storeRefused') while another owner is alive.
 */
export async function adoptDatabase(
  client: ClickHouseClient,
  owner: string,
  isShared = false,
): Promise<{ readonly maxSeq: number }> {
  const claims = await readClaims(client);
  refuseLiveRival(claims, { owner, isShared });
  const heads = await select<{ head: number }>(
    client,
    'SELECT toUInt64(max(greatest(journals.head, journals.first_seq))) AS head FROM journals',
  );
  return { maxSeq: Math.max(await newestSeq(client, 0), heads[0]?.head ?? 0) };
}

/** Whether this epoch ever registered itself here. */
export async function knowsEpoch(client: ClickHouseClient, epoch: string): Promise<boolean> {
  return (await readClaims(client)).some((claim) => claim.epoch === epoch);
}

/**
 * For `sluice cluster init`: what a data folder owned has this owner from now on. So it does not have to be waited for
 * until the folder's heartbeat is old; nobody but who has the folder's lock may do that.
 */
export async function giveEpochs(client: ClickHouseClient, from: string, to: string): Promise<void> {
  await client.command({
    query: `INSERT INTO journals (epoch, first_seq, owner, head, checkpoint, heartbeat)
      SELECT epoch, max(journals.first_seq), {to:String}, max(journals.head), max(journals.checkpoint),
        greatest(now64(3, 'UTC'), max(journals.heartbeat) + toIntervalMillisecond(1))
      FROM journals GROUP BY epoch HAVING argMax(journals.owner, journals.heartbeat) = {from:String}`,
    query_params: { from, to },
    clickhouse_settings: { async_insert: 0 },
  });
}

/**
 * For `sluice adopt`: the newest event of a journal that the database has, if it knows one of its epochs; else 0.
 * Events go in in seq order, so all up to it are there, or in the dead letter: a folder older than the database must
 * not send them again (I8).
 */
export async function newestInserted(
  client: ClickHouseClient,
  { epochs, oldest, head }: { readonly epochs: readonly string[]; readonly oldest: number; readonly head: number },
): Promise<number> {
  const claims = await readClaims(client);
  return claims.some((claim) => epochs.includes(claim.epoch)) ? await newestSeq(client, oldest, head) : 0;
}

function refuseLiveRival(
  claims: readonly Claim[],
  { owner, isShared }: Pick<JournalFacts, 'owner' | 'isShared'>,
): void {
  const rival = claims.find((claim) => claim.owner !== owner && claim.age_ms < liveMs);
  if (rival === undefined) return;
  refuse(
    `Another Sluice, of data folder ${rival.owner}, writes to this database ` +
      `(seen ${Math.max(0, Math.round(rival.age_ms / 1000))} s ago): stop it first.`,
    { isShared },
  );
}

function refuseSuccessor(claims: readonly Claim[], facts: JournalFacts): void {
  const successor = claims.find(({ epoch, first_seq }) => epoch !== facts.epoch && first_seq > facts.firstSeq);
  if (successor === undefined) return;
  refuse(
    facts.isShared === true
      ? `The database was taken over by ${successor.owner}: what this gateway follows has ended.`
      : successor.owner === facts.owner
        ? 'The database knows a newer journal of this data folder: the data folder is older than the database ' +
          '(restored from a copy?).'
        : `The database was taken over by the data folder ${successor.owner}.`,
    facts,
  );
}

/** The database does not know our epoch: fine only for an empty one, or for a new epoch of an owner that it knows. */
async function refuseStranger(client: ClickHouseClient, claims: readonly Claim[], facts: JournalFacts): Promise<void> {
  if (facts.everInserted) {
    refuse(
      'This journal has inserted into a database before, and this one does not know it: it is another or an ' +
        'emptied database.',
      facts,
    );
  }
  const newest = await newestSeq(client, 0);
  if (claims.some(({ owner }) => owner === facts.owner)) {
    refuseSuccessor(claims, facts);
    if (newest < facts.firstSeq) return;
    refuse(
      `The database holds events up to seq ${newest}, above the beginning of this journal: the data folder ` +
        `is older than the database.`,
      facts,
    );
  }
  const [first] = claims;
  if (first !== undefined && facts.isShared === true) {
    throw new Failure(
      'storeRefused',
      `The database belongs to a single Sluice or another shared log (${first.owner}), or is an older backup. ` +
        'Nothing is inserted. `sluice cluster init --from` with the folder of the single Sluice makes a cluster of ' +
        'it; `sluice cluster recover --anew` goes on with a backup (docs/SCALE.md); else name an empty database.',
    );
  }
  if (first !== undefined) {
    refuse(`The database belongs to another data folder (${first.owner}), and does not know this one.`, facts);
  }
  if (newest > 0) refuse('The database holds events, but does not say of which journal.', facts);
}

function nothing(): Promise<void> {
  return Promise.resolve();
}

/** The newest seq from `firstSeq` on; events of an older epoch lie below it. */
async function newestSeq(client: ClickHouseClient, firstSeq: number, upTo = Number.MAX_SAFE_INTEGER): Promise<number> {
  const result = await client.query({
    query: 'SELECT max(seq) AS newest FROM events WHERE seq BETWEEN {firstSeq:UInt64} AND {upTo:UInt64}',
    query_params: { firstSeq, upTo },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0, ...decidingRead },
  });
  const [row] = await result.json<{ newest: number }>();
  return row?.newest ?? 0;
}

/** One row for each epoch, the newest heartbeat of each. */
function readClaims(client: ClickHouseClient): Promise<Claim[]> {
  return select<Claim>(
    client,
    `SELECT epoch, max(journals.first_seq) AS first_seq, argMax(journals.owner, journals.heartbeat) AS owner,
      dateDiff('millisecond', max(journals.heartbeat), now64(3, 'UTC')) AS age_ms
    FROM journals GROUP BY epoch ORDER BY first_seq DESC`,
  );
}

async function select<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  const settings = { output_format_json_quote_64bit_integers: 0 } as const;
  const result = await client.query({ query, format: 'JSONEachRow', clickhouse_settings: settings });
  return await result.json<Row>();
}

const wayOn = '`sluice adopt` takes this database over with a new epoch.';
const wayOnOfGateways =
  '`sluice cluster recover --anew`, on the gateway that has applied most, takes this database over (docs/SCALE.md).';

function refuse(sentence: string, { isShared }: { readonly isShared?: boolean | undefined }): never {
  throw new Failure('storeRefused', `${sentence} Nothing is inserted. ${isShared === true ? wayOnOfGateways : wayOn}`);
}
