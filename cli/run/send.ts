/** `sluice emit` and `sluice import`: events of flags, of a file or of stdin, until each is durable. */
import { type Call, listOption } from '../command-row.ts';
import { CommandError, exitCodes, UsageError } from '../exit-codes.ts';
import { wholeNumber } from '../options.ts';
import { startProgress } from '../out/progress.ts';
import { type EventText, eventOfLine } from '../send/event-line.ts';
import { EventPoster } from '../send/post-events.ts';
import { type Input, type InputLine, openInput } from '../send/read-input.ts';
import { EventSender } from '../send/send-events.ts';
import { sendingRate } from '../send/sending-rate.ts';
import { readTarget } from '../target.ts';
import { eventOfFlags } from './event-of-flags.ts';

const emitWay = ': stdin held nothing; `sluice emit NAME -r RESOURCE` sends one event without it';
const oneEventOptions = ['resource', 'id', 'occurred', 'payload', 'follows'] as const;

export async function runEmit(call: Call): Promise<number> {
  const [name = '-'] = call.words;
  if (name === '-') {
    const option = oneEventOptions.find((each) => call.options[each] !== undefined);
    const isGiven = option !== undefined || [...listOption(call, 'label'), ...listOption(call, 'related')].length > 0;
    if (isGiven) throw new UsageError('What stdin holds is whole events: the flags of one event go with its name.');
    return sendInput(call, await openInput('-', call.signal), 'emit');
  }
  const event = await eventOfFlags(call, name);
  const poster = new EventPoster(readTarget(call), call.signal, (sentence) => call.terminal.warn(sentence));
  const outcome = await poster.post(Buffer.from(JSON.stringify([event])), 1);
  if (outcome.kind === 'taken') {
    await call.terminal.print(`${event.id}\n`);
    return exitCodes.ok;
  }
  const reason = outcome.kind === 'refused' ? outcome.reasons.get(0) : undefined;
  throw new CommandError(
    `The event is refused: ${reason ?? ('reason' in outcome ? outcome.reason : 'it is too large')}.`,
  );
}

export async function runImport(call: Call): Promise<number> {
  const [path = '-'] = call.words;
  return sendInput(call, await openInput(path, call.signal), 'import');
}

async function sendInput(call: Call, input: Input, what: string): Promise<number> {
  const { terminal, signal } = call;
  const target = readTarget(call);
  const rate = await sendingRate(wholeNumber(call, 'rate', '--rate'), target, terminal, signal);
  const progress = startProgress(terminal, what, input.size);
  let refused = 0;
  let isEmpty = true;
  const refuse = (line: number, reason: string): void => {
    refused += 1;
    terminal.complain(`line ${line}: ${reason}`);
  };
  const poster = new EventPoster(target, signal, (sentence) => terminal.warn(sentence));
  const sender = new EventSender({ poster, signal, rate, refused: refuse, settled: progress.add });
  try {
    for await (const lines of input.lines) {
      isEmpty &&= lines.length === 0;
      await sendLines(lines, sender, refuse);
    }
    await sender.end();
  } catch (error) {
    if (signal.aborted) terminal.warn(`${sender.taken} events are durable; what is sent again is not stored twice`);
    throw error;
  } finally {
    progress.end();
  }
  if (isEmpty) terminal.warn(`there was no event to ${what}${what === 'emit' ? emitWay : ''}`);
  terminal.notice(`${sender.taken} events are durable${refused === 0 ? '' : `, ${refused} lines were refused`}`);
  return refused === 0 ? exitCodes.ok : exitCodes.error;
}

async function sendLines(
  lines: readonly InputLine[],
  sender: EventSender,
  refuse: (line: number, reason: string) => void,
): Promise<void> {
  for (const input of lines) {
    let event: EventText;
    try {
      event = eventOfLine(input);
    } catch {
      refuse(input.line, 'It is no JSON object');
      continue;
    }
    if (!sender.hasRoom(event.end - event.start)) await sender.room();
    sender.add(event, input.line, input.bytes);
  }
  sender.pause();
}
