/**
 * `sluice forward`: posts events to an address, in order and at least once. Its checkpoint moves when the address has
 * taken an event, or when the event is in the dead letter.
 */
import { appendFile } from 'node:fs/promises';
import { GapError } from '../../client/src/errors.ts';
import { fileStore } from '../../client/src/file-store.ts';
import type { Message } from '../../client/src/message.ts';
import type { SubscribeOptions } from '../../client/src/subscription.ts';
import { type Call, hasOption, textOption } from '../command-row.ts';
import { CommandError, exitCodes, UsageError } from '../exit-codes.ts';
import { durationOption, wholeNumber } from '../options.ts';
import { readFollowed } from '../read-filter.ts';
import { Webhook } from '../send/webhook.ts';
import { connectFor, readTokenFile, refuseBadUrl } from '../target.ts';
import { gathered } from './gathered.ts';
import { StatusTeller } from './status-teller.ts';

const retryForMsDefault = 3_600_000;

export async function runForward(call: Call): Promise<number> {
  const path = textOption(call, 'checkpoint');
  const to = textOption(call, 'to');
  if (to === undefined) throw new UsageError('Name the address that gets the events by --to URL.');
  if (path === undefined) throw new UsageError('Name a file by --checkpoint: without one it could not go on.');
  refuseBadUrl(to);
  const batchMax = wholeNumber(call, 'batch', '--batch');
  const { filter, since } = readFollowed(call, Date.now());
  const store = fileStore(path);
  const isResumed = (await store.load()) !== null;
  const teller = new StatusTeller(call.terminal);
  const options: SubscribeOptions = {
    filter,
    store,
    ack: 'manual',
    signal: call.signal,
    onGap: textOption(call, 'onGap') === 'warn' ? 'yield' : 'throw',
    onStatus: (status) => teller.tell(status),
    ...(!isResumed && { from: since ?? 'now' }),
  };
  const webhook = new Webhook({
    url: to,
    secret: secretOf(call),
    retryForMs: durationOption(call, 'retryFor', '--retry-for') ?? retryForMsDefault,
    signal: call.signal,
    told: (sentence) => call.terminal.warn(sentence),
  });
  const deadLetter = textOption(call, 'deadLetter') ?? `${path}.dead.ndjson`;
  const sluice = await connectFor(call);
  try {
    for await (const messages of gathered(sluice.subscribe(options), batchMax ?? 1)) {
      await deliver(messages, webhook, deadLetter, batchMax !== undefined, call);
      await messages.at(-1)?.ack();
      if (hasOption(call, 'untilCaughtUp') && messages.at(-1)?.type === 'caught_up') break;
    }
  } catch (error) {
    if (!(error instanceof GapError)) throw error;
    throw new CommandError(`${error.message}. --on-gap warn goes on all the same.`, exitCodes.gap, { cause: error });
  }
  return exitCodes.ok;
}

async function deliver(
  messages: readonly Message[],
  webhook: Webhook,
  deadLetter: string,
  isArray: boolean,
  { terminal }: Call,
): Promise<void> {
  for (const message of messages) {
    if (message.type === 'gap') terminal.warn(`events may be missing here (${message.reason})`);
  }
  const events = messages.filter((message) => message.type === 'event');
  if (events.length === 0) return;
  const texts = events.map(({ text }) => text);
  const [first] = events;
  const id = isArray ? `${first?.event.id}+${texts.length}` : (first?.event.id ?? '');
  const refusal = await webhook.post(isArray ? `[${texts.join(',')}]` : (texts[0] ?? ''), id);
  if (refusal === null) return;
  const what = texts.length === 1 ? `the event ${id} was` : `${texts.length} events were`;
  terminal.warn(`${what} refused (${refusal}): see ${deadLetter}`);
  await appendFile(deadLetter, `${texts.join('\n')}\n`, { mode: 0o600 });
}

function secretOf(call: Call): string | null {
  const file = textOption(call, 'secretFile');
  return file === undefined ? call.environment['SLUICE_FORWARD_SECRET'] || null : readTokenFile(file);
}
