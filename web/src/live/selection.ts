/** Which row a person is at, and which one is open. */
import { type Signal, signal } from '@preact/signals';
import { isNewestAbove } from '../base/preferences.ts';
import type { LiveFeed } from './feed.ts';

export interface Selection {
  /** By its number. */
  readonly current: Signal<number | null>;
  readonly open: Signal<number | null>;
  /** In pixels, of what is shown below the open row. */
  readonly openHeight: Signal<number>;
}

export function createSelection(): Selection {
  return { current: signal(null), open: signal(null), openHeight: signal(0) };
}

/** One event down the list, or up: lines between events cannot be opened. Reading pauses. */
export function moveCurrent(feed: LiveFeed, { current }: Selection, down: boolean): void {
  const { shown } = feed;
  if (shown.length === 0) return;
  feed.pause();
  const isNewer = down !== isNewestAbove.value;
  const at = current.value === null ? -1 : shown.indexOf(current.value);
  const step = at >= 0 && isNewer ? 1 : -1;
  let place = at < 0 ? shown.length - 1 : at + step;
  while (shown.at(place) !== undefined && shown.at(place)?.kind !== 'event') place += step;
  current.value = shown.at(place)?.nr ?? current.value;
}

/** Opens the row, or closes it if it is open. */
export function toggle(feed: LiveFeed, { current, open }: Selection, nr: number): void {
  feed.pause();
  current.value = nr;
  open.value = open.value === nr ? null : nr;
}
