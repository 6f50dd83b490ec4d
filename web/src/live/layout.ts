/** Which rows of a long list are drawn, and where: all have one height, but for the one that is open. */
export interface Layout {
  readonly rows: number;
  readonly rowHeight: number;
  /** The place, from the top, of the row that is open; -1 for none. */
  readonly open: number;
  /** Of what is shown below it. */
  readonly openHeight: number;
}

/** Drawn above and below what is seen, so that scrolling shows no holes. */
const spare = 6;

export function heightOf({ rows, rowHeight, open, openHeight }: Layout): number {
  return rows * rowHeight + (open < 0 ? 0 : openHeight);
}

export function topOf({ rowHeight, open, openHeight }: Layout, place: number): number {
  return place * rowHeight + (open >= 0 && place > open ? openHeight : 0);
}

/** The places to draw: from `first`, before `end`. */
export function drawnPlaces(layout: Layout, scrollTop: number, viewHeight: number): { first: number; end: number } {
  const first = Math.max(0, placeAt(layout, scrollTop) - spare);
  const end = Math.min(layout.rows, placeAt(layout, scrollTop + viewHeight) + 1 + spare);
  return { first, end };
}

function placeAt({ rowHeight, open, openHeight }: Layout, y: number): number {
  const openEnd = (open + 1) * rowHeight + openHeight;
  if (open < 0 || y < (open + 1) * rowHeight) return Math.floor(y / rowHeight);
  return y < openEnd ? open : Math.floor((y - openHeight) / rowHeight);
}

/** Where to scroll to so that a row is seen whole; null where it is. */
export function scrollFor(layout: Layout, place: number, scrollTop: number, viewHeight: number): number | null {
  const top = topOf(layout, place);
  if (top < scrollTop) return top;
  const bottom = top + layout.rowHeight;
  return bottom > scrollTop + viewHeight ? bottom - viewHeight : null;
}
