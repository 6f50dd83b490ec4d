/** The list of rows: a window on the ring that draws only what is seen, and stops when a person begins to read. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { isNewestAbove } from '../base/preferences.ts';
import type { LiveFeed } from './feed.ts';
import { drawnPlaces, heightOf, type Layout, scrollFor, topOf } from './layout.ts';
import { RowLine } from './row-line.tsx';
import type { Selection } from './selection.ts';

/** As console.css has them. */
const rowHeightWide = 28;
const rowHeightNarrow = 46;
const narrow = matchMedia('(max-width: 700px)');

export function LiveList({ feed, selection }: { readonly feed: LiveFeed; readonly selection: Selection }) {
  const box = useRef<HTMLDivElement>(null);
  const view = useSignal({ top: 0, height: 600, isNarrow: narrow.matches });
  useView(box, view);
  void feed.drawn.value;
  const { shown } = feed;
  const above = isNewestAbove.value;
  const placeOf = (nr: number | null): number => {
    const index = nr === null ? -1 : shown.indexOf(nr);
    return above && index >= 0 ? shown.length - 1 - index : index;
  };
  const layout: Layout = {
    rows: shown.length,
    rowHeight: view.value.isNarrow ? rowHeightNarrow : rowHeightWide,
    open: placeOf(selection.open.value),
    openHeight: selection.openHeight.value,
  };
  const { isPaused } = feed;
  // At once, so that the row under the pointer is still there when it is let go.
  const pause = (): void => feed.pause();
  // Elements keep their places while texts run past: nobody could tell which row a key has led to.
  const pauseForKeys = ({ target }: FocusEvent): void => {
    if (target instanceof Element && target.matches(':focus-visible')) feed.pause();
  };
  useFollow(box, feed, layout);
  useCurrentInView(box, selection, layout, placeOf);
  const { first, end } = drawnPlaces(layout, view.value.top, view.value.height);
  const rows = [];
  for (let place = first; place < end; place += 1) {
    const row = shown.at(above ? layout.rows - 1 - place : place);
    // While rows run past, elements keep their places and get other texts: that is cheaper than new ones.
    if (row !== undefined) {
      rows.push(
        <RowLine key={place} {...{ row, feed, selection }} top={topOf(layout, place)} {...sizes(place, layout)} />,
      );
    }
  }
  return (
    <div
      class="rows"
      ref={box}
      role="feed"
      aria-label="Events"
      aria-busy={!isPaused.value}
      tabIndex={-1}
      onPointerDown={pause}
      onFocusIn={pauseForKeys}
    >
      <div class="rows-space" style={{ height: `${heightOf(layout)}px` }}>
        {rows}
      </div>
    </div>
  );
}

function sizes(place: number, { rows }: Layout) {
  return { at: place + 1, of: rows };
}

type View = Signal<{ readonly top: number; readonly height: number; readonly isNarrow: boolean }>;

function useView(box: { readonly current: HTMLDivElement | null }, view: View): void {
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = (): void => {
      const { scrollTop: top, clientHeight: height } = element;
      const isNarrow = narrow.matches;
      const was = view.peek();
      if (was.top !== top || was.height !== height || was.isNarrow !== isNarrow) view.value = { top, height, isNarrow };
    };
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    look();
    return () => {
      sizes.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
}

/** Running, the newest row is seen. Whoever scrolls away pauses; whoever scrolls back goes on, if that was why. */
function useFollow(box: { readonly current: HTMLDivElement | null }, feed: LiveFeed, layout: Layout): void {
  const isByScroll = useRef(false);
  const above = isNewestAbove.value;
  const height = heightOf(layout);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || feed.isPaused.value) return;
    element.scrollTop = above ? 0 : height;
  });
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const scrolled = (): void => {
      const distance = above ? element.scrollTop : element.scrollHeight - element.clientHeight - element.scrollTop;
      if (!feed.isPaused.value && distance > layout.rowHeight) {
        isByScroll.current = true;
        feed.pause();
      } else if (feed.isPaused.value && isByScroll.current && distance < 2) {
        isByScroll.current = false;
        feed.goOn();
      }
    };
    element.addEventListener('scroll', scrolled, { passive: true });
    return () => element.removeEventListener('scroll', scrolled);
  }, [feed, above, layout.rowHeight]);
}

function useCurrentInView(
  box: { readonly current: HTMLDivElement | null },
  selection: Selection,
  layout: Layout,
  placeOf: (nr: number | null) => number,
): void {
  const current = selection.current.value;
  useLayoutEffect(() => {
    const element = box.current;
    const place = placeOf(current);
    if (element === null || place < 0) return;
    const to = scrollFor(layout, place, element.scrollTop, element.clientHeight);
    if (to !== null) element.scrollTop = to;
  }, [current]);
}
