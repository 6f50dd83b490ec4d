/**
 * The fields of an event's canonical text, each as its own JSON text: what a parser would lose, as `1.0` and long
 * numbers, stays. Any other JSON is brought into that form first.
 */

export type RawFields = Readonly<Record<string, string>>;

/** Throws SyntaxError for what is no JSON object. */
export function rawFields(text: string): RawFields {
  return cut(text) ?? cut(JSON.stringify(JSON.parse(text))) ?? {};
}

const key = /"([^"\\]*)":/y;
/** A string; or a run without strings and without brackets. */
const piece = /"(?:[^"\\]|\\.)*"|[^"[\]{},]+/y;

/** Null for what is not in the compact form. */
function cut(text: string): RawFields | null {
  if (!text.startsWith('{') || /^\{\s/.test(text)) return null;
  const fields: Record<string, string> = {};
  let at = 1;
  while (text[at] !== '}') {
    key.lastIndex = at;
    const name = key.exec(text)?.[1];
    if (name === undefined) return null;
    const start = key.lastIndex;
    at = endOfValue(text, start);
    if (at === start) return null;
    fields[name] = text.slice(start, at);
    if (text[at] === ',') at += 1;
    else if (text[at] !== '}') return null;
  }
  return fields;
}

/** Behind the value that begins there. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; ) {
    const character = text[at];
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      if (depth === 0) return at;
      depth -= 1;
    } else if (character === ',') {
      if (depth === 0) return at;
    } else {
      piece.lastIndex = at;
      if (!piece.test(text)) return start;
      at = piece.lastIndex;
      continue;
    }
    at += 1;
  }
  return start;
}
