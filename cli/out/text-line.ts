/** An event as one line for people: time, name, resource, labels, payload, two blanks between. */
import stringWidth from 'string-width';
import type { ShownEvent } from '../../client/src/shown-event.ts';
import { visible } from '../../client/src/visible.ts';
import type { Colors } from '../terminal.ts';

/** Cut to `columns` where they are given. */
export function textLine(event: ShownEvent, colors: Colors, columns: number | null): string {
  const labels = event.labels.map(([name, value]) => `${name}=${quoted(value)}`).join(' ');
  const payload = event.payload === '{}' ? '' : event.payload;
  const parts: [string, (text: string) => string][] = [
    [milliseconds(event.parsed.occurred), colors.dim],
    [event.parsed.event, colors.bold],
    [event.resourceId, colors.cyan],
    [labels, colors.green],
    [payload, (text) => text],
  ];
  let left = columns ?? Number.POSITIVE_INFINITY;
  let line = '';
  for (const [text, paint] of parts) {
    const gap = line === '' ? '' : '  ';
    if (text === '' || left <= gap.length) continue;
    const shown = cutTo(visible(text), left - gap.length);
    if (columns !== null) left -= gap.length + widthOf(shown);
    line += gap + paint(shown);
  }
  return line;
}

/** As wide as the room, with `…` for what is left out. */
export function cutTo(text: string, columns: number): string {
  if (columns === Number.POSITIVE_INFINITY || widthOf(text) <= columns) return text;
  let shown = '';
  let width = 0;
  for (const character of text) {
    width += stringWidth(character);
    if (width > columns - 1) return columns < 1 ? '' : `${shown}…`;
    shown += character;
  }
  return shown;
}

/** Most text is ASCII, for which nothing has to be looked up. */
function widthOf(text: string): number {
  return /[^\u0020-\u007e]/.test(text) ? stringWidth(text) : text.length;
}

/** UTC with milliseconds, in a column that does not jump. */
export function milliseconds(time: string): string {
  const [, second = time, fraction = ''] = /^(.{19})(?:\.(\d+))?Z$/.exec(time) ?? [];
  return second === time ? time : `${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
}

function quoted(value: string): string {
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
