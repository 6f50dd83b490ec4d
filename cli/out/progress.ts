/** A progress bar on stderr, with how many, the rate and the time that is left. Only where it is seen. */
import { Presets, SingleBar } from 'cli-progress';
import type { Terminal } from '../terminal.ts';

export interface Progress {
  /** So many events more, which are so many units of the total: bytes, or events by default. */
  readonly add: (events: number, units?: number) => void;
  readonly end: () => void;
}

const drawMs = 100;
const nothing: Progress = { add: () => undefined, end: () => undefined };

/** `total` is in units, and may be an estimate; null where nobody knows it. */
export function startProgress(terminal: Terminal, what: string, total: number | null): Progress {
  if (!terminal.showsProgress) return nothing;
  const known = `${what} {bar} {percentage} %  {events} events  {rate}/s  {eta_formatted} left`;
  const format = total === null ? `${what} {events} events  {rate}/s  {duration_formatted}` : known;
  const bar = new SingleBar(
    { stream: terminal.outputs.stderr, format, hideCursor: true, barsize: 24, etaBuffer: 50 },
    Presets.shades_classic,
  );
  bar.start(total ?? 0, 0, { events: 0, rate: 0 });
  const begunMs = performance.now();
  let count = 0;
  let done = 0;
  let drawnMs = 0;
  const draw = (): void => {
    drawnMs = performance.now();
    if (total !== null && done > bar.getTotal()) bar.setTotal(done);
    bar.update(done, { events: count, rate: Math.round((1000 * count) / Math.max(1, drawnMs - begunMs)) });
  };
  return {
    add(events, units = events) {
      count += events;
      done += units;
      if (performance.now() - drawnMs >= drawMs) draw();
    },
    end() {
      draw();
      bar.stop();
    },
  };
}
