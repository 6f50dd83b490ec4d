/**
 * JSON with line breaks and two blanks a level. It goes by the text, so numbers stay as they were sent, and control
 * characters are shown.
 */
import { visible } from '../../client/src/visible.ts';

const token = /"(?:[^"\\]|\\.)*"|[^"[\]{},:\s]+|[[\]{},:]/g;

/** `text` must be JSON. */
export function indented(text: string): string {
  let depth = 0;
  let shown = '';
  let before = '';
  for (const [each] of text.matchAll(token)) {
    const isEnd = each === '}' || each === ']';
    if (isEnd) depth -= 1;
    const opensEmpty = isEnd && (before === '{' || before === '[');
    if (!opensEmpty && (isEnd || before === '{' || before === '[' || before === ',')) {
      shown += `\n${'  '.repeat(depth)}`;
    }
    shown += each === ':' ? ': ' : visible(each);
    if (each === '{' || each === '[') depth += 1;
    before = each;
  }
  return shown;
}
