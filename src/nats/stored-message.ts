/**
 * A message of a stream, as whoever leads the stream has it.
 */
import type { JetStreamManager, MsgRequest, StoredMsg } from '@nats-io/jetstream';
import { codeOfApi } from './open-stream.ts';

const noMessage = 10037;

/** The newest one of a subject. */
export function newestOf(manager: JetStreamManager, stream: string, subject: string): Promise<StoredMsg | null> {
  return messageOf(manager, stream, { last_by_subj: subject });
}

/** Null if there is none. Rejects as the client does. */
export async function messageOf(
  manager: JetStreamManager,
  stream: string,
  query: MsgRequest,
): Promise<StoredMsg | null> {
  try {
    return await manager.streams.getMessage(stream, query);
  } catch (error) {
    if (codeOfApi(error) === noMessage) return null;
    throw error;
  }
}
