/**
 * Puts `"***"` in place of values in the canonical text of an event. Nothing else of the text changes.
 */
import { JsonScanner } from './json-scanner.ts';
import type { PathNode } from './redaction-paths.ts';

export interface RedactedText {
  readonly text: string;
  /** How many values were replaced, of any type; what was `"***"` already counts too. */
  readonly values: number;
}

const stars = '"***"';
const [openObject, closeObject, openList, closeList, comma, colon] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x3a];

interface OpenValue {
  readonly node: PathNode;
  /** Of the next item; -1 in an object. */
  index: number;
}

/** `text` is canonical JSON; `node` is that of its value. Nothing recurses, however deep the text. */
export function redactText(text: string, node: PathNode): RedactedText {
  const scanner = new JsonScanner(text);
  const outer: OpenValue[] = [];
  let open: OpenValue | null = null;
  let redacted = '';
  let kept = 0;
  let values = 0;
  let here = node;
  for (;;) {
    const code = text.charCodeAt(scanner.at);
    if (here.isRedacted) {
      const { start, end } = scanner.value('nothing');
      redacted += text.slice(kept, start) + stars;
      kept = end;
      values += 1;
    } else if (!here.isDead && (code === openObject || code === openList)) {
      if (open !== null) outer.push(open);
      open = { node: here, index: code === openList ? 0 : -1 };
      scanner.at += 1;
    } else scanner.value('nothing');
    let next = text.charCodeAt(scanner.at);
    while (open !== null && (next === closeObject || next === closeList)) {
      scanner.at += 1;
      open = outer.pop() ?? null;
      next = text.charCodeAt(scanner.at);
    }
    if (open === null) return { text: redacted + text.slice(kept), values };
    if (next === comma) scanner.at += 1;
    here = memberOf(open, scanner);
  }
}

/** The node of the member that comes next; its key is passed. */
function memberOf(open: OpenValue, scanner: JsonScanner): PathNode {
  const { node } = open;
  let key: string;
  if (open.index < 0) {
    key = scanner.string();
    if (scanner.text.charCodeAt(scanner.at) === colon) scanner.at += 1;
  } else {
    key = String(open.index);
    open.index += 1;
  }
  return node.named.get(key) ?? node.other;
}
