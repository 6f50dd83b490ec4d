/**
 * `sluice export`: all events of a filter, to stdout or to a file. An export to a file goes on where it broke off. A
 * server without exports is asked page by page.
 */

import type { EventFilter } from '../../client/src/event-filter.ts';
import type { ExportPlace } from '../../client/src/export.ts';
import type { Sluice } from '../../client/src/sluice.ts';
import { type Call, hasOption, textOption } from '../command-row.ts';
import { exitCodes, UsageError } from '../exit-codes.ts';
import { type Progress, startProgress } from '../out/progress.ts';
import { readFilter } from '../read-filter.ts';
import { countLines } from '../send/read-input.ts';
import { connectFor } from '../target.ts';
import type { Terminal } from '../terminal.ts';
import { beginExportFile, type ExportFile, resumeExportFile } from './export-file.ts';
import { exportedBlocks } from './exported-blocks.ts';

interface Sink {
  /** Whole lines, and how many they are. */
  write(block: Buffer, lines: number, place: ExportPlace | null): Promise<void>;
}

export async function runExport(call: Call): Promise<number> {
  const { terminal } = call;
  const path = textOption(call, 'out');
  const isResumed = hasOption(call, 'resume');
  if (isResumed && path === undefined) throw new UsageError('--resume goes on with a file: name it by --out.');
  const filter = readFilter(call, Date.now());
  const sluice = await connectFor(call);
  const file = path === undefined ? null : await (isResumed ? resumeExportFile(path) : beginExportFile(path));
  const progress = await progressOf(terminal, sluice, filter, file);
  try {
    const sink = file ?? stdoutSink(terminal);
    const count = await pour(sluice, filter, file?.place ?? null, sink, progress, call);
    await file?.finish();
    progress.end();
    terminal.notice(`${(file?.linesBefore ?? 0) + count} events exported${path === undefined ? '' : ` to ${path}`}`);
    return exitCodes.ok;
  } catch (error) {
    progress.end();
    const place = await file?.leave();
    if (place === undefined || place === null) throw error;
    terminal.warn(`the export broke off; \`sluice export --out ${path} --resume\` goes on with it`);
    throw error;
  }
}

async function progressOf(
  terminal: Terminal,
  sluice: Sluice,
  filter: EventFilter,
  file: ExportFile | null,
): Promise<Progress> {
  // A bar between the lines of a terminal would be in their way.
  if (!terminal.showsProgress || (file === null && terminal.isInteractive))
    return { add: () => undefined, end: () => undefined };
  // What is resumed goes by the filter that it began with.
  const total = file?.place != null ? null : await sluice.query(filter).total();
  return startProgress(terminal, 'export', total);
}

async function pour(
  sluice: Sluice,
  filter: EventFilter,
  resume: ExportPlace | null,
  sink: Sink,
  progress: Progress,
  call: Call,
): Promise<number> {
  let count = 0;
  let place: ExportPlace | null = resume;
  const blocks = exportedBlocks(sluice, filter, call, resume, (behind) => {
    place = behind;
  });
  for await (const block of blocks) {
    const lines = countLines(block);
    await sink.write(block, lines, place);
    count += lines;
    progress.add(lines);
  }
  return count;
}

function stdoutSink(terminal: Terminal): Sink {
  return { write: (block) => terminal.print(block) };
}
