/** `sluice query`: pages of stored events, each written as soon as it is there. */
import { type Call, hasOption, textOption } from '../command-row.ts';
import { exitCodes, UsageError } from '../exit-codes.ts';
import { wholeNumber } from '../options.ts';
import { eventWriter } from '../out/event-writer.ts';
import { readFilter } from '../read-filter.ts';
import { askFor } from '../target.ts';

const limitByDefault = 50;

export async function runQuery(call: Call): Promise<number> {
  const asked = wholeNumber(call, 'limit', '--limit');
  const isAll = hasOption(call, 'all');
  if (isAll && asked !== undefined) throw new UsageError('--limit and --all say two things: leave one out.');
  const filter = readFilter(call, Date.now());
  const writer = eventWriter(call, true);
  const limit = isAll ? undefined : (asked ?? limitByDefault);
  const order = textOption(call, 'order') === 'asc' ? 'ASC' : 'DESC';
  const sluice = await askFor(call);
  let shown = 0;
  let total = 0;
  for await (const page of sluice.query(filter, { order, limit, signal: call.signal }).pages()) {
    if (page.texts.length > 0) await writer.write(page.texts);
    shown += page.texts.length;
    total = page.total;
  }
  await writer.end();
  if (shown < total) call.terminal.notice(`${shown} of ${total} events are shown; --limit N or --all shows more`);
  if (total === 0) call.terminal.notice('no event fits');
  return exitCodes.ok;
}
