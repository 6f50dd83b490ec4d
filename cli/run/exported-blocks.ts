/** All events of a filter, oldest first: an export, or pages where the server has no exports. */
import { SluiceError } from '../../client/src/errors.ts';
import type { EventFilter } from '../../client/src/event-filter.ts';
import type { ExportPlace } from '../../client/src/export.ts';
import type { Sluice } from '../../client/src/sluice.ts';
import type { Call } from '../command-row.ts';
import { CommandError } from '../exit-codes.ts';

/**
 * Whole lines, each with its newline, as many at a time as came together; `placed` hears how to go on behind them,
 * where that can be.
 */
export async function* exportedBlocks(
  sluice: Sluice,
  filter: EventFilter,
  { signal, terminal }: Pick<Call, 'signal' | 'terminal'>,
  resume: ExportPlace | null = null,
  placed: (place: ExportPlace | null) => void = () => undefined,
): AsyncGenerator<Buffer> {
  let hasBegun = false;
  const reading = sluice.export(filter, { signal, ...(resume !== null && { resume }) });
  try {
    for await (const { buffer, byteOffset, byteLength } of reading.blocks()) {
      hasBegun = true;
      placed(reading.place);
      yield Buffer.from(buffer, byteOffset, byteLength);
    }
    return;
  } catch (error) {
    const hasNone = error instanceof SluiceError && (error.status === 404 || error.status === 405);
    if (!hasNone || hasBegun) throw error;
    if (resume !== null) throw new CommandError('This server has no exports: it cannot go on with one.');
    terminal.warn('this server has no exports: it is asked page by page, and what breaks off has to begin anew');
  }
  placed(null);
  for await (const { texts } of sluice.query(filter, { order: 'ASC', signal }).pages()) {
    if (texts.length > 0) yield Buffer.from(`${texts.join('\n')}\n`);
  }
}
