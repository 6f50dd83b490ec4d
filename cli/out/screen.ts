/** A terminal's second screen: drawn anew as a whole, and gone when it is left. */
import type { Terminal } from '../terminal.ts';

/** Without a cursor. */
export const alternateScreen = '\u001b[?1049h\u001b[?25l';
export const backToScreen = '\u001b[?25h\u001b[?1049l';

const home = '\u001b[H';
const restOfLine = '\u001b[K';
const restOfScreen = '\u001b[J';

/** How many lines fit; the cursor has the last row. */
export function screenRows({ outputs }: Pick<Terminal, 'outputs'>): number {
  return (outputs.stdout.rows || 24) - 1;
}

/** What draws these lines, and nothing else, on the screen. */
export function screenOf(lines: readonly string[]): string {
  return `${home}${lines.map((line) => `${line}${restOfLine}\n`).join('')}${restOfScreen}`;
}
