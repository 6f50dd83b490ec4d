/**
 * `sluice dead-letter` with a gateway's settings: the dead letter of all gateways. A replay is for the gateway that
 * writes into ClickHouse: its name is said.
 */
import { firstLineOf, StartRefused } from '../base/errors.ts';
import { nodeFiles } from '../base/file-port.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import { isFolderOf } from '../gateway/gateway-folder.ts';
import { stateBucket } from '../gateway/state-keys.ts';
import { connectNats, type Nats } from '../nats/connect-nats.ts';
import { type DeadLetterStream, deadLetterStream } from '../nats/dead-letter-stream.ts';
import { hasBucket, sharedKey } from '../nats/shared-key.ts';
import { parseHolder } from '../table-writer/writer-lease.ts';
import { linesOfDeadLetter } from './dead-letter-command.ts';

const answerMs = 5_000;

/**
 * Lines for people. Rejects with StartRefused where the folder is another's, where NATS does not answer, and where
 * there is no such shared log.
 */
export async function* listShared(dataDir: string, settings: GatewaySettings): AsyncGenerator<string> {
  isFolderOf(dataDir, settings, nodeFiles);
  const nats = await connect(settings);
  try {
    const stream = await streamOf(nats, settings);
    yield* linesOfDeadLetter(dataDir, stream.entries(), 'all gateways');
  } catch (cause) {
    refuse(settings, cause);
  } finally {
    await nats.close();
  }
}

/** Rejects with StartRefused that names the gateway which replays. */
export async function refuseReplay(settings: GatewaySettings): Promise<never> {
  const nats = await connect(settings);
  try {
    const holder = await holderOf(nats, settings);
    throw new StartRefused(
      (holder === ''
        ? 'No gateway writes into ClickHouse just now, and only one that does replays the dead letter. '
        : `Gateway ${holder} writes into ClickHouse, and replays the dead letter of all gateways. `) +
        'Ask it by POST /api/admin/dead-letter/replay, or in its console. Nothing was changed.',
    );
  } catch (cause) {
    refuse(settings, cause);
  } finally {
    await nats.close();
  }
}

async function holderOf(nats: Nats, { name }: GatewaySettings): Promise<string> {
  const bucket = stateBucket(name);
  const found = (await hasBucket(nats, bucket)) ? await sharedKey(nats, { bucket, name: 'writer' }).read() : null;
  return found === null ? '' : parseHolder(found.text).holder;
}

async function streamOf(nats: Nats, { name }: GatewaySettings): Promise<DeadLetterStream> {
  const stream = deadLetterStream(nats, name);
  if ((await stream.size()) !== null) return stream;
  throw new StartRefused(`NATS keeps no dead letter of a shared log ${name}: no gateway has made it yet.`);
}

async function connect(settings: GatewaySettings): Promise<Nats> {
  const { log, id } = settings;
  const connecting = connectNats({ ...log, name: `sluice dead-letter ${id}` }, { withinMs: answerMs });
  return await connecting.catch((cause: unknown) => refuse(settings, cause));
}

function refuse({ log }: GatewaySettings, cause: unknown): never {
  if (cause instanceof StartRefused) throw cause;
  const why = firstLineOf(cause);
  throw new StartRefused(
    `NATS, which keeps the dead letter of all gateways, does not answer at ${log.servers.join(', ')}: ${why}`,
    { cause },
  );
}
