/** `sluice get ID`: one event, from anywhere in what is kept. */
import { type Call, textOption } from '../command-row.ts';
import { CommandError, exitCodes, UsageError } from '../exit-codes.ts';
import { indented } from '../out/indented.ts';
import { readFilter } from '../read-filter.ts';
import { askFor } from '../target.ts';

/** Older than any event: without it a query looks back 180 days. */
const ever = '0001-01-02T00:00:00Z';
const until = '9999-12-30T00:00:00Z';

export async function runGet(call: Call): Promise<number> {
  const [id = ''] = call.words;
  if (!/^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(id)) {
    throw new UsageError(`"${id}" is no id of an event: it is a UUID, as 0b5f3cde-7a52-4f8b-9a5a-6f0a4c0f2d11.`);
  }
  const { occurred } = readFilter(call, Date.now(), []);
  const sluice = await askFor(call);
  const filter = { id: { id: [id] }, occurred: { since: ever, until, ...occurred } };
  let found = 0;
  for await (const text of sluice.query(filter, { signal: call.signal }).texts()) {
    found += 1;
    await call.terminal.print(`${textOption(call, 'output') === 'ndjson' ? text : indented(text)}\n`);
  }
  if (found === 0) throw new CommandError(`There is no event with the id ${id} on this server.`);
  return exitCodes.ok;
}
