/** `sluice replay`: a filter's history again, to another server. */
import { createHash } from 'node:crypto';
import type { EventFilter } from '../../client/src/event-filter.ts';
import { rawFields } from '../../client/src/raw-fields.ts';
import { wait } from '../../client/src/retry.ts';
import type { Sluice } from '../../client/src/sluice.ts';
import { type Call, hasOption, textOption } from '../command-row.ts';
import { exitCodes, UsageError } from '../exit-codes.ts';
import { startProgress } from '../out/progress.ts';
import { readFilter } from '../read-filter.ts';
import { type EventText, eventOfLine, textToSend } from '../send/event-line.ts';
import { EventPoster } from '../send/post-events.ts';
import { cutLines } from '../send/read-input.ts';
import { EventSender } from '../send/send-events.ts';
import { sendingRate } from '../send/sending-rate.ts';
import { connectFor, readTokenFile, refuseBadUrl, type ServerTarget } from '../target.ts';
import { exportedBlocks } from './exported-blocks.ts';

/** A wait shorter than that is not worth its timer. */
const pauseMsMin = 5;

export async function runReplay(call: Call): Promise<number> {
  const { terminal, signal } = call;
  const to = otherTarget(call);
  const speed = speedOf(textOption(call, 'speed') ?? 'max');
  const isNew = hasOption(call, 'asNew');
  const run = textOption(call, 'run');
  if (run !== undefined && !isNew) throw new UsageError('--run names the ids of --as-new: add that, or leave it out.');
  const filter = readFilter(call, Date.now());
  const sluice = await connectFor(call);
  const total = await sluice.query(filter, { signal }).total();
  if (hasOption(call, 'dryRun')) {
    await terminal.print(`${total}\n`);
    return exitCodes.ok;
  }
  const progress = startProgress(terminal, 'replay', total);
  let refused = 0;
  const sender = new EventSender({
    poster: new EventPoster(to, signal, (sentence) => terminal.warn(sentence)),
    signal,
    rate: await sendingRate(undefined, to, terminal, signal),
    refused: (line, reason) => {
      refused += 1;
      terminal.complain(`event ${line}: ${reason}`);
    },
    settled: progress.add,
  });
  try {
    await pour(sluice, filter, sender, { speed, renew: isNew ? renewal(run ?? `${Date.now()}`) : null, call });
    await sender.end();
  } catch (error) {
    if (signal.aborted) terminal.warn(`${sender.taken} events were sent; run again, it stores none twice`);
    throw error;
  } finally {
    progress.end();
  }
  terminal.notice(`${sender.taken} events are durable there`);
  return refused === 0 ? exitCodes.ok : exitCodes.error;
}

interface Manner {
  readonly speed: number;
  readonly renew: ((text: string, atMs: number) => string) | null;
  readonly call: Call;
}

async function pour(
  sluice: Sluice,
  filter: EventFilter,
  sender: EventSender,
  { speed, renew, call }: Manner,
): Promise<void> {
  const begunMs = Date.now();
  const isPaced = speed !== Number.POSITIVE_INFINITY;
  let firstMs: number | null = null;
  const dueMsOf = (event: EventText): number => {
    if (!isPaced) return begunMs;
    const occurredMs = Date.parse(occurredOf(textOf(event)));
    firstMs ??= occurredMs;
    return begunMs + Math.max(0, (occurredMs - firstMs) / speed);
  };
  let line = 0;
  for await (const block of exportedBlocks(sluice, filter, call)) {
    for (const input of cutLines(block, line).lines) {
      line = input.line;
      const event = eventOfLine(input);
      const dueMs = dueMsOf(event);
      if (dueMs - Date.now() > pauseMsMin) {
        sender.pause();
        await wait(dueMs - Date.now(), call.signal);
      }
      const sent = renew === null ? event : textToSend(renew(textOf(event), dueMs));
      if (!sender.hasRoom(sent.end - sent.start)) await sender.room();
      sender.add(sent, line, 1);
    }
    sender.pause();
  }
}

function textOf({ block, start, end }: EventText): string {
  return block.toString('utf8', start, end);
}

/** The event as if it were of that time, under an id that is made of the run's name and its own. */
function renewal(run: string): (text: string, atMs: number) => string {
  return (text, atMs) => {
    const { id = '""', occurred: _, follows: __, ...fields } = rawFields(text);
    const own = Object.entries(fields).map(([key, value]) => `${JSON.stringify(key)}:${value}`);
    return `{"occurred":"${new Date(atMs).toISOString()}",${own.join(',')},"id":"${derivedId(run, id)}"}`;
  };
}

/** A UUID of version 8: the hash of both. */
export function derivedId(run: string, id: string): string {
  const hex = createHash('sha256').update(`${run}\n${id}`).digest('hex');
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ];
  return parts.join('-');
}

function occurredOf(text: string): string {
  return /"occurred":"([^"]*)"/.exec(text)?.[1] ?? '';
}

function speedOf(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const speed = Number(text);
  if (Number.isFinite(speed) && speed > 0) return speed;
  throw new UsageError(`--speed is 1 for as fast as it came, 10 for ten times as fast, or max, not "${text}".`);
}

function otherTarget(call: Call): ServerTarget {
  const url = textOption(call, 'to');
  if (url === undefined) throw new UsageError('Name the server that gets the events by --to URL.');
  refuseBadUrl(url);
  const file = textOption(call, 'toTokenFile');
  const token = file === undefined ? call.environment['SLUICE_TO_TOKEN'] || null : readTokenFile(file);
  return { url, token };
}
