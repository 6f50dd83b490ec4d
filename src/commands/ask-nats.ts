/**
 * A command's way to NATS, and what it says where the work there breaks off: NATS is named only where it was NATS, for
 * the work is done on a folder and in ClickHouse too.
 */
import { firstLineOf, StartRefused } from '../base/errors.ts';
import { saidByNats } from '../nats/client-errors.ts';
import { connectNats, type Nats, type NatsAddress } from '../nats/connect-nats.ts';
import { sentenceOf } from './start-sentence.ts';

/** `dataDir`: the folder that is meant where the system names none. */
export interface AskHow {
  readonly address: NatsAddress;
  readonly dataDir: string;
}

const answerMs = 8_000;

/** Rejects with StartRefused. */
export async function askNats<Answer>(how: AskHow, work: (nats: Nats) => Promise<Answer>): Promise<Answer> {
  for await (const answer of eachOfNats(how, async function* once(nats) {
    yield await work(nats);
  })) {
    return answer;
  }
  throw new Error('the work has given no answer');
}

/** The same for work that gives several things. */
export async function* eachOfNats<Item>(
  { address, dataDir }: AskHow,
  work: (nats: Nats) => AsyncIterable<Item>,
): AsyncGenerator<Item> {
  const { servers } = address;
  const nats = await connectNats(address, { withinMs: answerMs }).catch((cause: unknown) =>
    refuse(cause, silentAt(servers, cause)),
  );
  try {
    yield* work(nats);
  } catch (cause) {
    refuse(cause, await sentenceOfWork(cause, servers, dataDir));
  } finally {
    await nats.close();
  }
}

function refuse(cause: unknown, sentence: string): never {
  throw cause instanceof StartRefused ? cause : new StartRefused(sentence, { cause });
}

function silentAt(servers: readonly string[], cause: unknown): string {
  return `NATS does not answer at ${servers.join(', ')}: ${firstLineOf(cause)}`;
}

async function sentenceOfWork(cause: unknown, servers: readonly string[], dataDir: string): Promise<string> {
  const said = await saidByNats(cause);
  if (said === 'nothing') return silentAt(servers, cause);
  if (said === 'no') return `NATS refuses it at ${servers.join(', ')}: ${firstLineOf(cause)}`;
  return sentenceOf(cause, dataDir) ?? `The command broke off: ${firstLineOf(cause)}`;
}
