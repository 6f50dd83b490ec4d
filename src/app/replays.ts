/**
 * Replays of the dead letter while Sluice runs: one at a time, asked for by an operator, with how the newest one goes.
 */
import { type DeadLetterReplay, noReplay, type ReplayRefusal } from '../../schemas/dead-letter-replay.ts';
import type { Audit } from '../access/audit.ts';
import { endsWithin } from '../base/ends-within.ts';
import { Failure } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { cutText } from '../base/log-limit.ts';
import type { Counters } from '../base/metrics.ts';
import { OneAtATime } from '../base/one-at-a-time.ts';
import type { Store } from '../clickhouse/store.ts';
import { splitRow } from '../event-log/row.ts';
import type { DeadEvent, DeadLetter } from '../table-writer/ports.ts';
import { replayDeadLetter } from '../table-writer/replay-dead-letter.ts';
import type { TableWriter } from '../table-writer/table-writer.ts';
import type { IntakeParts } from './open-intake.ts';

export interface ReplaysParts {
  readonly store: Store;
  readonly writer: Pick<TableWriter, 'between' | 'notWriting' | 'whenCertain'>;
  readonly deadLetter: Pick<DeadLetter, 'entries' | 'remove'>;
  readonly intake: Pick<IntakeParts, 'journal' | 'ids'>;
  readonly access: { readonly audit: Pick<Audit, 'operated'> };
  readonly counters: Pick<Counters, 'replayed'>;
  readonly log: Log;
}

const refusalsMax = 20;
const nameCharactersMax = 200;

export class Replays {
  /** Those of parked events, which must not meet a replay. */
  readonly lookUps = new OneAtATime();
  readonly #parts: ReplaysParts;
  readonly #stopping = new AbortController();
  #newest = noReplay;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: ReplaysParts) {
    this.#parts = parts;
  }

  /** How the newest one goes, or went. */
  get newest(): DeadLetterReplay {
    return this.#newest;
  }

  /** Begins one for an operator, if none is running. Throws a Failure where it cannot begin. */
  begin(by: string): DeadLetterReplay {
    if (this.#newest.state === 'running') return this.#newest;
    if (this.#stopping.signal.aborted) throw new Failure('shuttingDown', 'Sluice is stopping.');
    const { phase, reason } = this.#parts.store.status;
    if (phase === 'refused') throw new Failure('storeRefused', reason);
    if (phase !== 'ready') throw new Failure('storeUnavailable', `ClickHouse does not answer: ${reason}`);
    const { notWriting } = this.#parts.writer;
    if (notWriting !== null) throw notWriting;
    this.#newest = { ...noReplay, state: 'running', started: new Date().toISOString() };
    this.#parts.access.audit.operated({ what: 'replay begun', by: cutText(by, nameCharactersMax) });
    this.#running = this.#run();
    return this.#newest;
  }

  /** Ends one that is under way, behind the event that is being tried, within so long. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort(new Failure('shuttingDown', 'Sluice is stopping.'));
    await endsWithin(graceMs, this.#running);
  }

  async #run(): Promise<void> {
    const { log, access } = this.#parts;
    let reason = '';
    try {
      await this.#replay();
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      log.warn({ err: error }, 'a replay of the dead letter ended early');
    }
    const state = reason === '' ? 'done' : 'failed';
    this.#newest = { ...this.#newest, state, ended: new Date().toISOString(), reason };
    const { total, stored, kept } = this.#newest;
    log.info({ total, stored, kept }, 'a replay of the dead letter has ended');
    access.audit.operated({ what: 'replayed', ok: state === 'done' && kept === 0 });
  }

  async #replay(): Promise<void> {
    const { store, writer, deadLetter, intake, counters } = this.#parts;
    const { journal, ids } = intake;
    const { signal } = this.#stopping;
    await writer.whenCertain(signal);
    await replayDeadLetter(
      {
        ...{ store, deadLetter, journal },
        between: (work) => writer.between(work),
        withoutLookUps: (work) => this.lookUps.run(work),
        // Every id above the checkpoint is in the window.
        waitingTwinOf: ({ id, seq }) => {
          const known = ids.window.seqOf(id);
          return known !== null && known !== seq && known > journal.checkpoint ? known : null;
        },
      },
      {
        begun: (total) => {
          this.#newest = { ...this.#newest, total };
        },
        stored: () => {
          counters.replayed += 1;
          const { tried, stored } = this.#newest;
          this.#newest = { ...this.#newest, tried: tried + 1, stored: stored + 1 };
        },
        kept: (event, why) => this.#keep(event, why),
      },
      signal,
    );
  }

  #keep({ seq, row }: DeadEvent, why: string): void {
    const { tried, kept, refusals } = this.#newest;
    const refusal: ReplayRefusal = { seq, id: splitRow(row).id, reason: cutText(why) };
    const shown = refusals.length < refusalsMax ? [...refusals, refusal] : refusals;
    this.#newest = { ...this.#newest, tried: tried + 1, kept: kept + 1, refusals: shown };
  }
}
