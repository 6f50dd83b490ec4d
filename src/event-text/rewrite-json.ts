/**
 * Canonical JSON text (docs/design.md, "Taking events in") of any JSON text, and the members of it: what the fast pass
 * over a sent event hands on when the sender's text is not canonical, and what a refusal looks at. Nothing recurses,
 * however deep the text.
 */
import { finished, type Steps } from './in-slices.ts';
import { canonicalString, JsonScanner } from './json-scanner.ts';

interface OpenContainer {
  /**
   * Members by their key as JSON.stringify writes it, for an object: a repeated key keeps its first place and gets its
   * last value.
   */
  readonly members: Map<string, string> | null;
  /** The key whose value comes next. */
  key: string | null;
  /** Items so far, for an array. */
  items: string;
}

/**
 * The text without white space outside strings, strings as JSON.stringify writes them, numbers as sent, keys in the
 * order sent, a repeated key at its first place with its last value. `text` must be JSON.
 */
export function rewriteJson(text: string): string {
  return finished(rewriteSteps(text));
}

/** A step is so many values and containers. */
const stepTokens = 1024;

/** The same in steps. */
export function* rewriteSteps(text: string): Steps<string> {
  const scanner = new JsonScanner(text);
  const outer: OpenContainer[] = [];
  let open: OpenContainer | null = null;
  for (let tokens = 1; ; tokens += 1) {
    if (tokens % stepTokens === 0) yield;
    const code = scanner.peek();
    if (Number.isNaN(code)) throw new Error('rewriteJson was given text that is no JSON');
    if (code === 0x2c || code === 0x3a) {
      scanner.at += 1;
      continue;
    }
    if (code === 0x7b || code === 0x5b) {
      if (open !== null) outer.push(open);
      open = { members: code === 0x7b ? new Map() : null, key: null, items: '' };
      scanner.at += 1;
      continue;
    }
    let done: string;
    if (open !== null && (code === 0x7d || code === 0x5d)) {
      done = closed(open);
      open = outer.pop() ?? null;
      scanner.at += 1;
    } else {
      const start = scanner.at;
      scanner.token();
      done = text.slice(start, scanner.at);
      if (open?.members && open.key === null) {
        open.key = canonicalString(done);
        continue;
      }
      if (code === 0x22) done = canonicalString(done);
    }
    if (open === null) return done;
    place(open, done);
  }
}

/**
 * Canonical text to show in an answer; what is very long is shown as sent, for rewriting it would hold up everybody
 * else.
 */
export function* compactSteps(text: string): Steps<string> {
  return text.length <= compactedCharactersMax ? yield* rewriteSteps(text) : text;
}

const compactedCharactersMax = 1024 * 1024;

/**
 * Key (or index), text and levels of nesting of each member of an object (or array) as sent, repeated keys too; none
 * for a scalar.
 */
export function* membersOf(text: string): Generator<[key: string | number, json: string, depth: number]> {
  const isObject = text.startsWith('{');
  if (!isObject && !text.startsWith('[')) return;
  const scanner = new JsonScanner(text);
  scanner.at = 1;
  for (let index = 0; ; index += 1) {
    const code = scanner.peek();
    if (code === 0x7d || code === 0x5d || Number.isNaN(code)) return;
    const key = isObject ? scanner.string() : index;
    if (isObject && scanner.peek() === 0x3a) scanner.at += 1;
    const { start, end, depth } = scanner.value('nothing');
    yield [key, text.slice(start, end), depth];
    if (scanner.peek() === 0x2c) scanner.at += 1;
  }
}

/** Keys of all objects in a value: fewer than its text has, if a key was repeated. */
export function countKeys(value: unknown): number {
  const containers = [value];
  let keys = 0;
  for (let container = containers.pop(); container !== undefined; container = containers.pop()) {
    if (typeof container !== 'object' || container === null) continue;
    const items: unknown[] = Array.isArray(container) ? container : Object.values(container);
    if (!Array.isArray(container)) keys += items.length;
    for (const item of items) if (typeof item === 'object' && item !== null) containers.push(item);
  }
  return keys;
}

/** As `countKeys`, of an object (or a list of objects) that holds nothing but scalars: it lists no values. */
export function countFlatKeys(value: unknown): number {
  if (!Array.isArray(value)) return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
  let keys = 0;
  for (const item of value) keys += countFlatKeys(item);
  return keys;
}

/** Built by appending, not by joining: a join at each level would copy a deep value once per level. */
function closed({ members, items }: OpenContainer): string {
  if (members === null) return `[${items}]`;
  let text = '';
  for (const [key, json] of members) text += `${text === '' ? '{' : ','}${key}:${json}`;
  return text === '' ? '{}' : `${text}}`;
}

function place(open: OpenContainer, json: string): void {
  if (open.members === null) {
    open.items += open.items === '' ? json : `,${json}`;
    return;
  }
  open.members.set(open.key ?? '', json);
  open.key = null;
}
