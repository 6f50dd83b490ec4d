/**
 * Publishes a message only where it comes right behind what its sender knows of.
 */
import type { Nats } from './connect-nats.ts';

export interface After {
  /** The newest message of the stream; any where it is left out. */
  readonly last?: number;
  /** The newest one of the subject; 0 for none. */
  readonly subjectLast: number;
}

/** The stream did not take it, for another reason than that others came before it. */
export class NotTaken {
  /** Of JetStream; 0 where it gave none. */
  readonly code: number;
  readonly description: string | undefined;

  constructor(code: number, description: string | undefined) {
    this.code = code;
    this.description = description;
  }
}

/** Numbers of the errors that say that another message came before it: another try of the same, or somebody else's. */
export const wrongLast: ReadonlySet<number> = new Set([10071, 10164]);
const answerMs = 3_000;

/** Resolves to the number of the message; to null where another one came before it. Rejects as the client does. */
export async function publishBehind(
  nats: Nats,
  subject: string,
  text: string,
  { last, subjectLast }: After,
): Promise<number | null | NotTaken> {
  const headers = nats.headers();
  headers.set('Nats-Expected-Last-Subject-Sequence', String(subjectLast));
  if (last !== undefined) headers.set('Nats-Expected-Last-Sequence', String(last));
  const answer = await nats.connection.request(subject, text, { headers, timeout: answerMs });
  const { seq, error } = answer.json<{ seq?: number; error?: { err_code: number; description: string } }>();
  if (error !== undefined && wrongLast.has(error.err_code)) return null;
  return error === undefined && seq !== undefined ? seq : new NotTaken(error?.err_code ?? 0, error?.description);
}
