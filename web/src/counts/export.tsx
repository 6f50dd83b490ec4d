/** All events of the filter as a file: into one that is picked where the browser can, else out of memory. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { csvHeader, csvLine } from '../../../client/src/csv-line.ts';
import type { EventFilter } from '../../../client/src/event-filter.ts';
import { ShownEvent } from '../../../client/src/shown-event.ts';
import { address, baseUrl } from '../base/address.ts';
import { sentenceOf } from '../base/failure.ts';
import { sluice } from '../base/session.ts';
import { countText, numberText, visible } from '../base/text.ts';
import { type CountWindow, filterOf } from './window.ts';

type Format = 'ndjson' | 'csv';

/** What a browser without a picker holds in memory. */
const eventsMax = 100_000;

interface Sink {
  write(text: string): Promise<void> | void;
  /** Null where it takes all. */
  readonly eventsMax: number | null;
  close(): Promise<void> | void;
  /** Nothing of what was written is kept. */
  abort(): Promise<void> | void;
}

interface PickedFile {
  createWritable(): Promise<{ write(text: string): Promise<void>; close(): Promise<void>; abort(): Promise<void> }>;
}

type Pick = (options: { readonly suggestedName: string }) => Promise<PickedFile>;

export function Export({ window }: { readonly window: CountWindow }) {
  const said = useSignal('');
  const ending = useRef(new AbortController());
  useEffect(() => () => ending.current.abort(), []);
  const run = async (format: Format): Promise<void> => {
    ending.current.abort();
    ending.current = new AbortController();
    const { signal } = ending.current;
    try {
      const sink = await sinkFor(format);
      const filter = filterOf(window, Date.now());
      const tell = (count: number): void => {
        said.value = `${countText(count, 'event')} so far`;
      };
      const { count, isWhole } = await exportTo(sink, filter, format, signal, tell);
      said.value = isWhole
        ? `Exported: ${countText(count, 'event')}`
        : `The first ${numberText(count)} events. This browser holds no more; all of them: ${command(format)}`;
    } catch (error) {
      said.value = sentenceOf(error) ?? '';
    }
  };
  return (
    <section class="bar export" aria-label="Export">
      <button type="button" onClick={() => void run('ndjson')}>
        Export as NDJSON
      </button>
      <button type="button" onClick={() => void run('csv')}>
        Export as CSV
      </button>
      <p class="hint" role="status">
        {visible(said.value)}
      </p>
    </section>
  );
}

/** What fails or is given up leaves the file as it was. */
async function exportTo(
  sink: Sink,
  filter: EventFilter,
  format: Format,
  signal: AbortSignal,
  tell: (count: number) => void,
): Promise<{ readonly count: number; readonly isWhole: boolean }> {
  let count = 0;
  let isWhole = true;
  try {
    if (format === 'csv') await sink.write(`${csvHeader}\n`);
    for await (const batch of sluice.value.export(filter, { signal }).batches()) {
      const room = sink.eventsMax === null ? batch.length : sink.eventsMax - count;
      const taken = batch.slice(0, room).map((text) => (format === 'csv' ? csvLine(new ShownEvent(text)) : text));
      if (taken.length > 0) await sink.write(`${taken.join('\n')}\n`);
      count += taken.length;
      tell(count);
      isWhole = taken.length === batch.length;
      if (!isWhole) break;
    }
    await sink.close();
  } catch (error) {
    // A person is told why the export failed, not why the file could not be given up.
    await Promise.resolve(sink.abort()).catch(() => undefined);
    throw error;
  }
  return { count, isWhole };
}

async function sinkFor(format: Format): Promise<Sink> {
  const name = `events.${format}`;
  const { showSaveFilePicker: pick } = globalThis as { readonly showSaveFilePicker?: Pick }; // some browsers have it
  if (pick === undefined) return memorySink(name);
  const file = await (await pick({ suggestedName: name })).createWritable();
  return { eventsMax: null, write: (text) => file.write(text), close: () => file.close(), abort: () => file.abort() };
}

function memorySink(name: string): Sink {
  const parts: string[] = [];
  return {
    eventsMax,
    write: (text) => void parts.push(text),
    close: () => {
      const url = URL.createObjectURL(new Blob(parts));
      const link = document.createElement('a');
      link.href = url;
      link.download = name;
      link.click();
      URL.revokeObjectURL(url);
    },
    abort: () => undefined,
  };
}

function command(format: Format): string {
  const { line } = address.value;
  const what = format === 'csv' ? 'query --output csv' : 'export --out events.ndjson';
  return `sluice ${what} --url ${baseUrl} ${line}`;
}
