/**
 * Starts a gateway: one that is new needs the shared log, one that was a gateway before goes on without it and joins
 * when NATS answers.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { firstLineOf, StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import { isHalfBegun } from '../journal/begin-replica.ts';
import { readEpochFile } from '../journal/epoch-file.ts';
import { firstSeqAt } from '../journal/open-segments.ts';
import { connectNats, type Nats } from '../nats/connect-nats.ts';
import type { OpenedStream } from '../nats/open-stream.ts';
import { type Retry, untilAnswered } from '../nats/until-answered.ts';
import { openLog } from './join-log.ts';
import { OpenGateway, type OpenGatewayParts } from './open-gateway.ts';
import { knownStream } from './replica-side.ts';
import { seatReplica } from './seat-replica.ts';

const times = { firstAnswerMs: 30_000 };
/** What is wrong with a folder that was a gateway's before is said at the start, if NATS answers by then. */
const joinMs = 5_000;
const againMs = 1_000;

/** Rejects with StartRefused. */
export async function startGateway(parts: OpenGatewayParts, { firstAnswerMs } = times): Promise<OpenGateway> {
  const { settings, folder, files, log } = parts;
  const spool = parts.openJournal(folder.spool, null);
  const known = knownStream(settings.name, readEpochFile(files, folder.replica));
  // What a process that ended in the middle of it has left of the replica must not be read.
  const isHalf = isHalfBegun(files, folder.replica);
  const needsNats = known === null || isHalf;
  const starting = new AbortController();
  const connecting = connectNats(
    { ...settings.log, name: `sluice ${settings.id}` },
    {
      ...(needsNats && { withinMs: firstAnswerMs }),
      signal: starting.signal,
      failed: sayOnce(log, 'NATS does not answer yet'),
    },
  );
  connecting.catch(() => undefined);
  const followed = { known, mayMake: known === null && !isHalf };
  const opened = async () => openLog(await connecting, parts, followed, firstSeqAt(Date.now()));
  const retry = (): Retry => ({
    ...{ againMs, signal: starting.signal },
    failed: sayOnce(log, 'NATS does not keep the shared log yet'),
  });
  const answer = needsNats
    ? await untilAnswered(opened, { ...retry(), withinMs: firstAnswerMs }).catch((cause: unknown) =>
        refuseStart(settings, cause, isHalf),
      )
    : null;
  const stream = await seatIfThere(parts, known, answer, connecting, opened);
  const gateway = new OpenGateway(parts, spool, stream, starting);
  const join = async (): Promise<void> => {
    const there = await opened();
    if (there.epoch !== stream.epoch) {
      throw new StartRefused(madeAnew(there, stream));
    }
    await gateway.join(await connecting);
  };
  const joining = untilAnswered(join, retry());
  joining.catch((error: unknown) => gateway.couldNotJoin(error));
  // A gateway that was one before goes on without NATS.
  const late = needsNats ? [] : [wait(joinMs, undefined, { ref: false })];
  await Promise.race([joining.catch(onlyRefusal), ...late]);
  return gateway;
}

/**
 * A replica that cannot be followed on begins anew, if NATS says so in time. One that learns it later is to be started
 * again. Resolves to the stream that is followed.
 */
async function seatIfThere(
  { folder, files, openJournal, log }: OpenGatewayParts,
  known: OpenedStream | null,
  answer: OpenedStream | null,
  connecting: Promise<Nats>,
  opened: () => Promise<OpenedStream>,
): Promise<OpenedStream> {
  const late = wait(joinMs, null, { ref: false });
  const there = answer ?? (await Promise.race([opened().catch(onlyRefusal), late]));
  const followed = answer ?? known ?? there;
  if (followed === null) throw new Error('a new gateway has no answer of NATS');
  // Another epoch is refused when it is joined, but for the one that follows it.
  const isFollowed = there?.epoch === followed.epoch || there?.after?.epoch === followed.epoch;
  if (there === null || !isFollowed) return followed;
  await seatReplica({
    ...{ nats: await connecting, stream: there, known, directory: folder.replica, files, log },
    open: () => (known === null ? null : openJournal(folder.replica, known)),
    now: Date.now,
  });
  return there;
}

export function madeAnew({ name, epoch, after }: OpenedStream, followed: OpenedStream): string {
  const what = `The stream ${name} is of epoch ${epoch}, and this gateway follows ${followed.epoch}: it was made anew.`;
  if (after?.epoch === followed.epoch) return `${what} \`sluice cluster recover\` made it: start this gateway again.`;
  return (
    `${what} If \`sluice cluster recover\` has made it more than once since this gateway ran, remove its folder ` +
    '`replica`, and start it: its spool stays, and what is missing comes in from there.'
  );
}

/** Each reason when it is another one than before. */
function sayOnce(log: Log, message: string): (error: unknown) => void {
  let said = '';
  return (error) => {
    const reason = firstLineOf(error);
    if (reason !== said) log.warn({ reason }, message);
    said = reason;
  };
}

function refuseStart({ log }: GatewaySettings, cause: unknown, isHalf: boolean): never {
  if (cause instanceof StartRefused) throw cause;
  const servers = log.servers.join(', ');
  const why = firstLineOf(cause);
  throw new StartRefused(
    isHalf
      ? `No shared log is there at ${servers}: ${why}. This gateway's replica was being begun anew when its process ` +
          'ended, and only NATS says where it begins: start the gateway again when NATS answers. Its spool stays.'
      : `No shared log is there at ${servers}, and a first start needs it: ${why}`,
    { cause },
  );
}

function onlyRefusal(error: unknown): null {
  if (error instanceof StartRefused) throw error;
  return null;
}
