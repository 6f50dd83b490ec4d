/**
 * `sluice dead-letter` lists the events that ClickHouse refused for their content; `sluice dead-letter replay` tries
 * them again on a stopped data folder.
 */

import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { splitRow } from '../event-log/row.ts';
import { openDeadLetter } from '../table-writer/dead-letter.ts';
import { Ledger } from '../table-writer/ledger.ts';
import type { DeadEvent } from '../table-writer/ports.ts';
import { replayDeadLetter } from '../table-writer/replay-dead-letter.ts';
import { reasonOfTaken, TakenIds } from '../table-writer/taken-ids.ts';
import { openStopped, type StoppedConfig, type StoppedFolder } from './open-stopped.ts';

/** Lines for people; works while Sluice runs. Throws StartRefused for a damaged file. */
export async function* listDeadLetter({ dataDir }: Pick<Config, 'dataDir'>): AsyncGenerator<string> {
  yield* linesOfDeadLetter(dataDir, openDeadLetter(dataDir).entries(), null);
}

/** Of these, and of what is kept for people in this folder. `whose`: where it is not this folder's. */
export async function* linesOfDeadLetter(
  dataDir: string,
  entries: AsyncIterable<DeadEvent>,
  whose: string | null,
): AsyncGenerator<string> {
  let count = 0;
  for await (const event of entries) {
    count += 1;
    yield lineOfDead(event);
  }
  const taken = new TakenIds(dataDir).entries();
  for (const { at, row } of taken) yield `id ${splitRow(row).id}  since ${at}  ${reasonOfTaken}`;
  if (taken.length > 0) yield `${taken.length} events are kept for people: their ids are another label's.`;
  const wayOn = whose === null ? '`sluice dead-letter replay` tries to insert them again.' : gatewaysWayOn;
  const told = whose === null ? '' : ` of ${whose}`;
  if (count > 0) yield `${count} events. ${wayOn}`;
  else if (taken.length === 0) yield `The dead letter${told} is empty.`;
}

export function lineOfDead({ seq, at, reason, row }: DeadEvent): string {
  return `seq ${seq}  id ${splitRow(row).id}  since ${at}  ${reason}`;
}

const gatewaysWayOn = 'The gateway that writes tries to insert them again: POST /api/admin/dead-letter/replay there.';

export interface Replay {
  /** Nothing is left in the dead letter. */
  readonly ok: boolean;
  readonly text: string;
}

/**
 * On a stopped data folder. Throws StartRefused where it cannot be opened, Failure where ClickHouse goes away
 * meanwhile.
 */
export async function replayStopped(config: StoppedConfig, log: Log): Promise<Replay> {
  const folder = await openStopped(config, log);
  try {
    return await replayAll(folder);
  } finally {
    await folder.close();
  }
}

async function replayAll(folder: StoppedFolder): Promise<Replay> {
  const { deadLetter, stateStore, journal, store } = folder;
  const ledger = new Ledger(stateStore, journal, folder.state);
  const waiting = await waitingTwins(folder);
  let taken = 0;
  const left: string[] = [];
  await replayDeadLetter(
    {
      ...{ store, deadLetter, journal },
      between: (work) => work(ledger),
      withoutLookUps: (work) => work(),
      waitingTwinOf: ({ id }) => waiting.get(id) ?? null,
    },
    {
      begun: () => undefined,
      stored: () => {
        taken += 1;
      },
      kept: ({ seq }, reason) => left.push(`seq ${seq} stays: ${reason}`),
    },
  );
  const sum = `${taken} events are in ClickHouse now, ${left.length} stay in the dead letter.`;
  return { ok: left.length === 0, text: [...left, sum].join('\n') };
}

/**
 * By id, the seqs of events of the dead letter that were accepted anew, for their ids had left the window (I11), and
 * are not in ClickHouse yet.
 */
async function waitingTwins({ deadLetter, journal, state }: StoppedFolder): Promise<ReadonlyMap<string, number>> {
  const dead = new Set<string>();
  for await (const { row } of deadLetter.entries()) dead.add(splitRow(row).id);
  const waiting = new Map<string, number>();
  journal.scanIds((id, _occurred, seq) => {
    if (seq > state.checkpoint && dead.has(id)) waiting.set(id, seq);
  }, state.checkpoint);
  return waiting;
}
