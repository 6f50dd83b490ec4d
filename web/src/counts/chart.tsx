/** Bars of events over time; to drag over them is to look closer. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Count } from '../../../schemas/count.ts';
import { isUtc } from '../base/preferences.ts';
import { numberText } from '../base/text.ts';
import { numberTicks, timeTicks } from './ticks.ts';

export interface ChartProps {
  readonly counts: readonly Count[];
  /** Of a bar, in milliseconds. */
  readonly widthMs: number;
  /** Milliseconds since 1970. */
  readonly zoom: (sinceMs: number, untilMs: number) => void;
}

const height = 220;
/** Of the axes. */
const left = 64;
const bottom = 24;
const top = 8;
/** With what the page has beside it, for the half of the last time. */
const right = 12;
const tickPixels = 90;
const dragPixelsMin = 6;

/** From values to places in the picture, and back. */
interface Scale {
  readonly x: (ms: number) => number;
  readonly y: (count: number) => number;
  readonly timeAt: (x: number) => number;
}

export function Chart({ counts, widthMs, zoom }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const from = Date.parse(counts[0]?.start_time ?? '') || Date.now() - widthMs;
  const to = (Date.parse(counts.at(-1)?.start_time ?? '') || from) + widthMs;
  const levels = numberTicks(Math.max(0, ...counts.map(({ count }) => count)), 4);
  const most = levels.at(-1) ?? 1;
  const inner = Math.max(1, width - left - right);
  const end = left + inner;
  const scale: Scale = {
    x: (ms) => left + ((ms - from) / (to - from)) * inner,
    y: (count) => height - bottom - (count / most) * (height - bottom - top),
    timeAt: (x) => from + ((Math.min(Math.max(x, left), end) - left) / inner) * (to - from),
  };
  const offsetMs = isUtc.value ? 0 : -new Date(from).getTimezoneOffset() * 60_000;
  const drag = useDrag(box, scale, zoom);
  return (
    <div class="chart" ref={box} {...drag.handlers}>
      <svg {...{ width, height }} role="img" aria-label={summary(counts)}>
        {levels.map((level) => (
          <g key={level}>
            <line x1={left} x2={end} y1={scale.y(level)} y2={scale.y(level)} />
            <text x={left - 8} y={scale.y(level) + 4} class="level">
              {numberText(level)}
            </text>
          </g>
        ))}
        {timeTicks(from, to, inner / tickPixels, offsetMs).map(({ at, text }) => (
          <text key={at} x={scale.x(at)} y={height - 6} class="time">
            {text}
          </text>
        ))}
        <path class="bars" d={barsPath(counts, widthMs, scale)} />
        {drag.from !== null && (
          <rect
            class="dragged"
            x={Math.min(drag.from, drag.to)}
            y={top}
            width={Math.abs(drag.to - drag.from)}
            height={height - bottom - top}
          />
        )}
      </svg>
    </div>
  );
}

function barsPath(counts: readonly Count[], widthMs: number, { x, y }: Scale): string {
  const base = y(0);
  return counts
    .filter(({ count }) => count > 0)
    .map(({ start_time: start, count }) => {
      const ms = Date.parse(start);
      const [begin, end] = [x(ms), x(ms + widthMs)];
      const gap = end - begin > 4 ? 1 : 0;
      return `M${begin.toFixed(1)} ${base}V${y(count).toFixed(1)}H${(end - gap).toFixed(1)}V${base}Z`;
    })
    .join('');
}

function summary(counts: readonly Count[]): string {
  const sum = counts.reduce((total, { count }) => total + count, 0);
  const most = counts.reduce<Count | null>((best, each) => (each.count > (best?.count ?? 0) ? each : best), null);
  const peak = most === null ? '' : `, most at ${most.start_time}: ${numberText(most.count)}`;
  return `Events over time: ${numberText(sum)} in ${counts.length} bars${peak}`;
}

function useWidth(box: { readonly current: HTMLDivElement | null }): number {
  const width = useSignal(600);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const sizes = new ResizeObserver(() => {
      const style = getComputedStyle(element);
      width.value = element.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
    });
    sizes.observe(element);
    return () => sizes.disconnect();
  }, []);
  return width.value;
}

function useDrag(box: { readonly current: HTMLDivElement | null }, scale: Scale, zoom: ChartProps['zoom']) {
  const drag = useSignal<{ readonly from: number | null; readonly to: number }>({ from: null, to: 0 });
  const placeOf = (event: PointerEvent): number => {
    const picture = box.current?.firstElementChild;
    return event.clientX - (picture?.getBoundingClientRect().left ?? 0);
  };
  const { from, to } = drag.value;
  return {
    from,
    to,
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        box.current?.setPointerCapture(event.pointerId);
        drag.value = { from: placeOf(event), to: placeOf(event) };
      },
      onPointerMove: (event: PointerEvent) => {
        if (from !== null) drag.value = { from, to: placeOf(event) };
      },
      onPointerUp: () => {
        drag.value = { from: null, to: 0 };
        if (from === null || Math.abs(to - from) < dragPixelsMin) return;
        zoom(scale.timeAt(Math.min(from, to)), scale.timeAt(Math.max(from, to)));
      },
      onPointerCancel: () => {
        drag.value = { from: null, to: 0 };
      },
    },
  };
}
