/** A progress bar on stderr, with how many, the rate and the time that is left. Only where it is seen. */
import { Presets, SingleBar } from 'cli-progress';
import type { Terminal } from '../terminal.ts';

export interface Progress {
  add(count: number): void;
  end(): void;
}

const drawMs = 100;

/** `total` may be an estimate, or null where nobody knows it. */
export function startProgress(terminal: Terminal, what: string, total: number | null): Progress {
  if (!terminal.showsProgress) return { add: () => undefined, end: () => undefined };
  const bar = new SingleBar(
    {
      stream: terminal.outputs.stderr,
      format:
        total === null
          ? `${what} {value}  {rate}/s  {duration_formatted}`
          : `${what} {bar} {percentage} %  {value} of {total}  {rate}/s  {eta_formatted} left`,
      hideCursor: true,
      clearOnComplete: false,
      barsize: 24,
      etaBuffer: 50,
      fps: 10,
    },
    Presets.shades_classic,
  );
  bar.start(total ?? 0, 0, { rate: 0 });
  const begunMs = performance.now();
  let count = 0;
  let drawnMs = 0;
  const draw = (): void => {
    drawnMs = performance.now();
    const seconds = (drawnMs - begunMs) / 1000;
    if (total !== null && count > bar.getTotal()) bar.setTotal(count);
    bar.update(count, { rate: seconds <= 0 ? 0 : Math.round(count / seconds) });
  };
  return {
    add(more) {
      count += more;
      if (performance.now() - drawnMs >= drawMs) draw();
    },
    end() {
      draw();
      bar.stop();
    },
  };
}
