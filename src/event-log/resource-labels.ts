/**
 * The labels of an event's resource, found in its canonical text, and one of them set there.
 */

/** A label where it stands in a text; both as JSON. */
interface PlacedLabel {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/** Within a string each quote would be escaped, so neither stands anywhere else before the end of the resource. */
const resourceFrom = ',"resource":';
const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];

export interface LabelledText {
  readonly text: string;
  /** What its sender wrote there was something else. */
  readonly hasReplaced: boolean;
}

/** `text` is canonical; a label that is there keeps its place, another one comes last. */
export function setLabel(text: string, key: string, value: string): LabelledText {
  const wanted = JSON.stringify(key);
  const json = JSON.stringify(value);
  let end = 0;
  for (const { key: found, from, to } of labelsIn(text)) {
    end = to;
    if (found !== wanted) continue;
    const hasReplaced = text.slice(from, to) !== json;
    return { text: hasReplaced ? `${text.slice(0, from)}${json}${text.slice(to)}` : text, hasReplaced };
  }
  return { text: `${text.slice(0, end)},${wanted}:${json}${text.slice(end)}`, hasReplaced: false };
}

/** Key and value of each label of the resource. */
export function* labelsOf(text: string): Generator<readonly [key: string, value: string]> {
  for (const { key, from, to } of labelsIn(text)) yield [parse(key), parse(text.slice(from, to))];
}

/** A resource has an id, so there is one at least. */
function* labelsIn(text: string): Generator<PlacedLabel> {
  let at = text.indexOf(resourceFrom) + resourceFrom.length;
  do {
    const keyFrom = at + 1;
    const keyTo = endOfString(text, keyFrom);
    const from = keyTo + 1;
    at = endOfString(text, from);
    yield { key: text.slice(keyFrom, keyTo), from, to: at };
  } while (text.charCodeAt(at) === comma);
}

/** The place behind the string whose quote stands at `from`. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === backslash) at += 1;
  }
  throw new Error('A canonical text was to be read, and has a string without an end');
}

function parse(json: string): string {
  return JSON.parse(json) as string; // labels are text
}
