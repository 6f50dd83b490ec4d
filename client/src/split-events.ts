/** The texts of the events of a page, cut out as they stand: a parsed number may not be the number that was sent. */

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;

/** Of `{"events":[…],…}`; each event is an object. */
export function splitEvents(page: string): string[] {
  const texts: string[] = [];
  const from = page.indexOf('[', page.indexOf('"events"'));
  let depth = 0;
  let start = 0;
  for (let at = from + 1; at < page.length; at += 1) {
    const character = page.charCodeAt(at);
    if (character === quote) at = endOfString(page, at);
    else if (character === openBrace) {
      if (depth === 0) start = at;
      depth += 1;
    } else if (character === closeBrace) {
      depth -= 1;
      if (depth === 0) texts.push(page.slice(start, at + 1));
    } else if (character === closeBracket && depth === 0) break;
  }
  return texts;
}

/** Where the string that begins at `start` ends. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}
