/**
 * Sends the blocks of one gateway, each to be stored only behind the message that it names, and asks the leader which
 * is this gateway's newest. That a block was stored is not told: the follower sees it.
 */
import type { Msg } from '@nats-io/transport-node';
import type { BlockStream } from '../shared-log/carrier-ports.ts';
import type { Nats } from './connect-nats.ts';
import { wrongLast } from './publish-behind.ts';
import { newestOf } from './stored-message.ts';

export interface BlockStreamParts {
  readonly nats: Nats;
  readonly stream: string;
  /** Of this gateway. */
  readonly subject: string;
  /** See Carrier. */
  readonly told: {
    answered(turn: number, newest: number): void;
    refused(turn: number, isOutrun: boolean): void;
    /** Why no block gets out though NATS is there; null when one has. */
    says(sentence: string | null): void;
  };
}

export function createBlockStream({ nats, stream, subject, told }: BlockStreamParts): BlockStream {
  const { connection, manager } = nats;
  const inbox = `_INBOX.${nats.unique()}`;
  connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      const code = error === null ? refusalIn(message) : 0;
      if (code !== null) told.refused(Number(message.subject.slice(inbox.length + 1)), wrongLast.has(code));
    },
  });

  async function newest(): Promise<number> {
    return (await newestOf(manager, stream, subject))?.seq ?? 0;
  }

  return {
    send(block, after, turn) {
      const headers = nats.headers();
      headers.set('Nats-Expected-Last-Subject-Sequence', String(after));
      try {
        connection.publish(subject, block, { headers, reply: `${inbox}.${turn}` });
        told.says(null);
      } catch (error) {
        // The connection is closed, or the block too large for the server: the carrier hears nothing, and asks again.
        if (isTooLarge(error)) told.says(tooLarge(block.byteLength, connection.info?.max_payload));
      }
    },
    askNewest(turn) {
      // Without an answer the carrier asks again.
      newest().then(
        (seq) => told.answered(turn, seq),
        () => undefined,
      );
    },
  };
}

/** The server was reloaded, or is another one, since the shared log was joined. */
function isTooLarge(error: unknown): boolean {
  return error instanceof Error && error.message.includes('max_payload');
}

function tooLarge(bytes: number, bytesMax: number | undefined): string {
  return (
    `A block of ${bytes} bytes and its headers wait, and NATS takes messages of ${bytesMax} bytes only: nothing gets ` +
    'into the shared log from here. Set max_payload to 8MB in the configuration of NATS.'
  );
}

/** The number of the error that an answer holds; 0 for one without a number, null for no error. */
function refusalIn({ headers, data }: Msg): number | null {
  if (headers !== undefined && headers.code > 0) return 0;
  try {
    const answer: unknown = JSON.parse(Buffer.from(data).toString('latin1'));
    const { error } = answer as { error?: { err_code?: number } }; // JetStream says it so
    return error === undefined ? null : (error.err_code ?? 0);
  } catch {
    return 0;
  }
}
