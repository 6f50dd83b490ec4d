/**
 * `sluice dead-letter` with a gateway's settings: the dead letter of all gateways. A replay is for the gateway that
 * writes into ClickHouse: its name is said.
 */
import { StartRefused } from '../base/errors.ts';
import { nodeFiles } from '../base/file-port.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import { isFolderOf } from '../gateway/gateway-folder.ts';
import { stateBucket } from '../gateway/state-keys.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { type DeadLetterStream, deadLetterStream } from '../nats/dead-letter-stream.ts';
import { hasBucket, sharedKey } from '../nats/shared-key.ts';
import { parseHolder } from '../table-writer/writer-lease.ts';
import { type AskHow, askNats, eachOfNats } from './ask-nats.ts';
import { linesOfDeadLetter } from './dead-letter-command.ts';

/**
 * Lines for people. Rejects with StartRefused where the folder is another's, where NATS does not answer, and where
 * there is no such shared log.
 */
export async function* listShared(dataDir: string, settings: GatewaySettings): AsyncGenerator<string> {
  yield* eachOfNats(askHow(dataDir, settings), async function* lines(nats) {
    const stream = await streamOf(nats, settings);
    yield* linesOfDeadLetter(dataDir, stream.entries(), 'all gateways');
  });
}

/** Rejects with StartRefused that names the gateway which replays. */
export function refuseReplay(dataDir: string, settings: GatewaySettings): Promise<never> {
  return askNats(askHow(dataDir, settings), async (nats) => {
    const holder = await holderOf(nats, settings);
    throw new StartRefused(
      (holder === ''
        ? 'No gateway writes into ClickHouse just now, and only one that does replays the dead letter. '
        : `Gateway ${holder} writes into ClickHouse, and replays the dead letter of all gateways. `) +
        'Ask it by POST /api/admin/dead-letter/replay, or in its console. Nothing was changed.',
    );
  });
}

/** Throws StartRefused where the folder is another's. */
export function askHow(dataDir: string, settings: GatewaySettings): AskHow {
  isFolderOf(dataDir, settings, nodeFiles);
  const { log, id } = settings;
  return { address: { ...log, name: `sluice dead-letter ${id}` }, dataDir };
}

async function holderOf(nats: Nats, { name }: GatewaySettings): Promise<string> {
  const bucket = stateBucket(name);
  const found = (await hasBucket(nats, bucket)) ? await sharedKey(nats, { bucket, name: 'writer' }).read() : null;
  return found === null ? '' : parseHolder(found.text).holder;
}

export async function streamOf(nats: Nats, { name }: GatewaySettings): Promise<DeadLetterStream> {
  const stream = deadLetterStream(nats, name);
  if ((await stream.size()) !== null) return stream;
  throw new StartRefused(`NATS keeps no dead letter of a shared log ${name}: no gateway has made it yet.`);
}
