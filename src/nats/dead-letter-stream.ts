/**
 * The dead letter that all gateways share: a stream with one message for each event, whose subject has its seq and its
 * id. Whoever holds the table writer's lease puts events in, behind a message that says so, and so nobody of an earlier
 * term does any more.
 */
import type { StoredMsg, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { firstLineOf, StartRefused } from '../base/errors.ts';
import type { DeadEvent, DeadLetter } from '../table-writer/ports.ts';
import {
  ClaimedDeadLetter,
  type DeadLetterAccess,
  type DeadLetterTerm,
  eventsOf,
  fullOf,
  termOf,
  textOfTerm,
} from './claimed-dead-letter.ts';
import type { Nats } from './connect-nats.ts';
import { eventOf, type FoundEvent, textOfDropped } from './dead-event-text.ts';
import { differenceOf, infoOf, replicasBy, roomOf } from './open-stream.ts';
import { type After, NotTaken, publishBehind } from './publish-behind.ts';
import { newestOf } from './stored-message.ts';

export interface DeadLetterSize {
  readonly events: number;
  readonly bytes: number;
  readonly bytesMax: number;
}

const bytesMax = 64 * 1024 * 1024;
/** Of it, for the message of a term, which must always get in. */
const reservedBytes = 64 * 1024;
const readAtOnce = 8;
const storeFull = 10077;

/** Of the shared log with this name. */
export function deadLetterName(logName: string): string {
  return `${logName}_DEAD`;
}

/** Makes the stream, or checks the one that is there. Rejects with StartRefused, and as the client does. */
export async function openDeadLetterStream(
  nats: Nats,
  { name: logName, replicas }: { readonly name: string; readonly replicas: number | null },
): Promise<DeadLetterStream> {
  const name = deadLetterName(logName);
  const wanted = {
    subjects: [`${eventsOf(name)}.*.*`, termOf(name)],
    storage: 'file' as const,
    retention: 'limits' as const,
    discard: 'new' as const,
    ...(replicas !== null && { num_replicas: replicas }),
    max_age: 0,
    max_msgs: -1,
    max_msgs_per_subject: 1,
    deny_delete: true,
    deny_purge: false,
    allow_direct: false,
  } satisfies Partial<StreamConfig>;
  const make = () =>
    nats.manager.streams.add({ name, ...wanted, max_bytes: bytesMax, num_replicas: replicas ?? replicasBy(nats) });
  const found = (await infoOf(nats, name)) ?? (await make().catch((cause: unknown) => thereInstead(nats, name, cause)));
  const fault = differenceOf(found.config, wanted);
  if (fault !== null) throw new StartRefused(`The stream ${name} ${fault}.`);
  return new DeadLetterStream(nats, name);
}

/** Of somebody who was quicker; where nobody was, throws why it could not be made. */
async function thereInstead(nats: Nats, name: string, cause: unknown): Promise<StreamInfo> {
  const found = await infoOf(nats, name);
  if (found !== null) return found;
  throw new Error(`the stream ${name} is neither there nor can it be made: ${firstLineOf(cause)}`, { cause });
}

/** Of a shared log whose gateways have made it. */
export function deadLetterStream(nats: Nats, logName: string): DeadLetterStream {
  return new DeadLetterStream(nats, deadLetterName(logName));
}

/** All of it rejects as the client does. */
export class DeadLetterStream implements Pick<DeadLetter, 'entries' | 'remove'> {
  readonly #nats: Nats;
  readonly #name: string;

  constructor(nats: Nats, name: string) {
    this.#nats = nats;
    this.#name = name;
  }

  /** Null where there is none. */
  async size(): Promise<DeadLetterSize | null> {
    const found = await infoOf(this.#nats, this.#name);
    if (found === null) return null;
    const { state, config } = found;
    const terms = state.messages > 0 && (await this.#newest(termOf(this.#name))) !== null ? 1 : 0;
    return { events: state.messages - terms, bytes: state.bytes, bytesMax: config.max_bytes };
  }

  /**
   * The seqs of all events in it, and of those that were dropped, by their ids. An id that came again in another epoch
   * has the first of its seqs.
   */
  async ids(): Promise<ReadonlyMap<string, number>> {
    const ids = new Map<string, number>();
    for (const { seq, id } of await this.#places()) if (!ids.has(id)) ids.set(id, seq);
    return ids;
  }

  /** Those of these seqs that are in it, or were dropped, by seq. */
  async among(isWanted: (seq: number) => boolean): Promise<ReadonlyMap<number, DeadEvent>> {
    const found = new Map<number, DeadEvent>();
    for await (const { event } of this.#messages(isWanted)) found.set(event.seq, event);
    return found;
  }

  async *entries(): AsyncGenerator<DeadEvent> {
    for await (const { event, isDropped } of this.#messages(() => true)) if (!isDropped) yield event;
  }

  /**
   * Gives up those that fit, for good; `ids` and `among` still know of them. Resolves to how many there were: one that
   * is replayed, or put in again meanwhile, is left alone.
   */
  async drop(fits: (seq: number) => boolean): Promise<number> {
    let count = 0;
    for await (const { message, event, isDropped } of this.#messages(fits)) {
      if (isDropped) continue;
      const kept = await this.#publish(message.subject, textOfDropped(event), { subjectLast: message.seq });
      if (kept !== null) count += 1;
    }
    return count;
  }

  /** Of those that it finds, and of no other: whoever writes next may put the same seq in again. */
  async remove(fits: (seq: number) => boolean): Promise<void> {
    await this.#remove(fits, Number.POSITIVE_INFINITY);
  }

  /**
   * For who holds the lease in this term: nobody of an earlier one puts anything in from now on. Null where a later
   * one has begun.
   */
  async claim(term: DeadLetterTerm): Promise<DeadLetter | null> {
    const subject = termOf(this.#name);
    for (;;) {
      const found = await this.#newest(subject);
      if (found !== null && isLater(found, term)) return null;
      const kept = await this.#publish(subject, textOfTerm(term), { subjectLast: found?.seq ?? 0 });
      if (kept !== null) return new ClaimedDeadLetter(this.#access(), term, kept);
    }
  }

  #access(): DeadLetterAccess {
    return {
      name: this.#name,
      entries: () => this.entries(),
      newest: (subject) => this.#newest(subject),
      publish: (subject, text, after) => this.#publish(subject, text, after),
      remove: (fits, upTo) => this.#remove(fits, upTo),
      info: async () => {
        const found = await infoOf(this.#nats, this.#name);
        if (found === null) throw new Error(`the stream ${this.#name} is not there any more`);
        return { last: found.state.last_seq, room: roomOf(found) - reservedBytes };
      },
    };
  }

  #newest(subject: string): Promise<StoredMsg | null> {
    return newestOf(this.#nats.manager, this.#name, subject);
  }

  async #remove(fits: (seq: number) => boolean, upTo: number): Promise<void> {
    for await (const { message } of this.#messages(fits)) {
      if (message.seq > upTo) continue;
      await this.#nats.manager.streams.purge(this.#name, { filter: message.subject, seq: message.seq + 1 });
    }
  }

  /** By seq. */
  async #places(): Promise<{ readonly subject: string; readonly seq: number; readonly id: string }[]> {
    const from = `${eventsOf(this.#name)}.`;
    const { state } = await this.#nats.manager.streams.info(this.#name, { subjects_filter: `${from}*.*` });
    const places = Object.keys(state.subjects ?? {}).map((subject) => {
      const [seq = '', id = ''] = subject.slice(from.length).split('.');
      return { subject, seq: Number(seq), id };
    });
    return places.sort((one, other) => one.seq - other.seq);
  }

  async *#messages(fits: (seq: number) => boolean): AsyncGenerator<{ message: StoredMsg } & FoundEvent> {
    const wanted = (await this.#places()).filter(({ seq }) => fits(seq));
    for (let at = 0; at < wanted.length; at += readAtOnce) {
      const some = wanted.slice(at, at + readAtOnce).map(({ subject }) => this.#newest(subject));
      // One that is gone meanwhile was replayed.
      for (const message of await Promise.all(some)) if (message !== null) yield { message, ...eventOf(message) };
    }
  }

  /** Resolves to its number; to null where another message came before it. Rejects with DeadLetterFull. */
  async #publish(subject: string, text: string, after: After): Promise<number | null> {
    const kept = await publishBehind(this.#nats, subject, text, after);
    if (!(kept instanceof NotTaken)) return kept;
    if (kept.code === storeFull) throw fullOf(this.#name);
    throw new Error(`${this.#name} did not take it: ${kept.description}`);
  }
}

/** Terms of another epoch say nothing: the writer's key was made anew since. */
function isLater(found: StoredMsg, { epoch, term }: DeadLetterTerm): boolean {
  const there = JSON.parse(found.string()) as Partial<DeadLetterTerm>; // compared with what is known
  return there.epoch === epoch && Number(there.term) > term;
}
