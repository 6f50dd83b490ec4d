/** `sluice tail`: events as they come. The client reconnects and resumes; this says so, and writes. */
import { GapError } from '../../client/src/errors.ts';
import type { EventFilter } from '../../client/src/event-filter.ts';
import { fileStore } from '../../client/src/file-store.ts';
import type { Message } from '../../client/src/message.ts';
import type { Sluice } from '../../client/src/sluice.ts';
import type { SubscribeOptions, SubscriptionStatus } from '../../client/src/subscription.ts';
import { type Call, hasOption, textOption } from '../command-row.ts';
import { CommandError, exitCodes, UsageError } from '../exit-codes.ts';
import { wholeNumber } from '../options.ts';
import { type EventWriter, eventWriter } from '../out/event-writer.ts';
import { readFollowed } from '../read-filter.ts';
import { connectFor } from '../target.ts';
import { StatusTeller } from './status-teller.ts';

/** A clock of the server that is a little behind ours is no gap. */
const clockMs = 2_000;

export async function runTail(call: Call): Promise<number> {
  const lines = wholeNumber(call, 'lines', '-n');
  const countMax = wholeNumber(call, 'count', '--count') ?? Number.POSITIVE_INFINITY;
  const { filter, since } = readFollowed(call, Date.now());
  if (lines !== undefined && since !== undefined) throw new UsageError('-n and --since say two things: leave one out.');
  const writer = eventWriter(call, false);
  const sluice = await connectFor(call);
  const path = textOption(call, 'checkpoint');
  const store = path === undefined ? undefined : fileStore(path);
  const isResumed = store !== undefined && (await loaded(store, path)) !== null;
  const from = isResumed ? undefined : (since ?? (await newest(sluice, filter, lines, call.signal)) ?? 'now');
  const teller = new StatusTeller(call.terminal);
  const isStrict = textOption(call, 'onGap') !== 'warn';
  const options: SubscribeOptions = {
    filter,
    signal: call.signal,
    ack: 'manual',
    onGap: isStrict ? 'throw' : 'yield',
    onStatus: (status) => teller.tell(status),
    ...(store !== undefined && { store }),
    ...(from !== undefined && { from }),
  };
  const shortOf = since === undefined || isResumed ? null : since;
  const isWhole = await follow(call, sluice, options, writer, { countMax, shortOf, isStrict });
  return isWhole ? exitCodes.ok : exitCodes.gap;
}

interface Ending {
  readonly countMax: number;
  /** What history was asked from. */
  readonly shortOf: string | null;
  readonly isStrict: boolean;
}

/** Resolves to false where history is shorter than was asked, and that is a fault. */
async function follow(
  call: Call,
  sluice: Sluice,
  options: SubscribeOptions,
  writer: EventWriter,
  { countMax, shortOf, isStrict }: Ending,
): Promise<boolean> {
  const endsCaughtUp = hasOption(call, 'untilCaughtUp');
  const subscription = sluice.subscribe(options);
  let count = 0;
  let isChecked = shortOf === null;
  for await (const message of gapsWith(subscription, call)) {
    if (!isChecked) {
      isChecked = true;
      if (isShort(subscription.status, shortOf ?? '', call) && isStrict) return false;
    }
    if (message.type === 'event') {
      await writer.write([message.text]);
      count += 1;
    } else if (message.type === 'gap') {
      call.terminal.warn(`events may be missing here (${message.reason})`);
    }
    if (options.store !== undefined) await message.ack();
    if (count >= countMax || (endsCaughtUp && message.type === 'caught_up')) break;
  }
  await writer.end();
  return true;
}

/** A gap says how to go on in spite of it. */
async function* gapsWith(messages: AsyncIterable<Message>, call: Call): AsyncGenerator<Message> {
  try {
    yield* messages;
  } catch (error) {
    if (!(error instanceof GapError)) throw error;
    const way = textOption(call, 'checkpoint') === undefined ? '' : ', and --checkpoint with another file';
    throw new CommandError(`${error.message}. --on-gap warn goes on all the same${way}.`, exitCodes.gap, {
      cause: error,
    });
  }
}

function isShort({ since }: SubscriptionStatus, asked: string, { terminal }: Call): boolean {
  if (since === null || Date.parse(since) <= Date.parse(asked) + clockMs) return false;
  terminal.warn(`the server looks back to ${since} only, and ${asked} was asked: older events are left out`);
  return true;
}

/** When the nth newest event occurred; undefined without such a question, or without events. */
async function newest(
  sluice: Sluice,
  filter: EventFilter,
  lines: number | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (lines === undefined) return undefined;
  let occurred: string | undefined;
  for await (const event of sluice.query(filter, { limit: lines, signal })) ({ occurred } = event);
  return occurred;
}

async function loaded(store: ReturnType<typeof fileStore>, path = ''): Promise<string | null> {
  return store.load().catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(`The checkpoint ${path} cannot be read (${cause.code}).`, undefined, { cause });
  });
}
