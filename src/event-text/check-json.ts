/**
 * What is asked of a large text without making its values: whether it is JSON, and whether an object in it repeats a
 * key. JSON.parse takes a tenth of a second for a megabyte of small objects, and most of that is garbage.
 */

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];
const escapes = new Set([...'"\\/bfnrt'].map((letter) => letter.charCodeAt(0)));
const words = ['true', 'false', 'null'];

/** Smaller texts are parsed whole: that is quicker. */
const largeCharactersMin = 64 * 1024;

export function isLarge(text: string): boolean {
  return text.length >= largeCharactersMin;
}

/** Whether the text is one JSON value, with white space around it or none. As JSON.parse has it. */
export function isJson(text: string): boolean {
  /** 1 for an object, 0 for a list. */
  const open: number[] = [];
  let at = pastBlanks(text, 0);
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === openObject || code === openList) {
      open.push(code === openObject ? 1 : 0);
      at = pastBlanks(text, at + 1);
      const isEmpty = text.charCodeAt(at) === (code === openObject ? closeObject : closeList);
      if (!isEmpty && code === openList) continue;
      if (!isEmpty) {
        at = pastKey(text, at);
        if (at < 0) return false;
        continue;
      }
    } else {
      at = pastScalar(text, at);
      if (at < 0) return false;
      at = pastBlanks(text, at);
    }
    // A value has ended, or its last brace comes.
    for (;;) {
      const isObject = open.at(-1);
      if (isObject === undefined) return at === text.length;
      const next = text.charCodeAt(at);
      if (next === comma) {
        at = pastBlanks(text, at + 1);
        if (isObject === 1) at = pastKey(text, at);
        if (at < 0) return false;
        break;
      }
      if (next !== (isObject === 1 ? closeObject : closeList)) return false;
      open.pop();
      at = pastBlanks(text, at + 1);
    }
  }
}

/**
 * Whether any object in the JSON text has a key twice. Its strings are as JSON.stringify writes them, and nothing is
 * blank.
 */
export function repeatsKey(text: string): boolean {
  /** The object, by its number, that had the key last. */
  const lastWith = new Map<string, number>();
  /** Which of two open objects had it before, to be put back where the inner one ends. */
  const before: [key: string, object: number][] = [];
  const open: { readonly object: number; readonly undoTo: number }[] = [];
  const isOpen = new Set<number>();
  let objects = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === openObject) {
      objects += 1;
      open.push({ object: objects, undoTo: before.length });
      isOpen.add(objects);
    } else if (code === closeObject) {
      const { object, undoTo } = open.pop() ?? { object: 0, undoTo: 0 };
      isOpen.delete(object);
      while (before.length > undoTo) lastWith.set(...before.pop()!);
    } else if (code === quote) {
      const end = pastString(text, at);
      if (end < 0) return false;
      if (text.charCodeAt(end) === colon) {
        const key = text.slice(at, end);
        const object = open.at(-1)?.object ?? 0;
        const last = lastWith.get(key);
        if (last === object) return true;
        if (last !== undefined && isOpen.has(last)) before.push([key, last]);
        lastWith.set(key, object);
      }
      at = end - 1;
    }
  }
  return false;
}

/** Past a key, its colon and the blanks around; -1 if there is none. */
function pastKey(text: string, from: number): number {
  const end = text.charCodeAt(from) === quote ? pastString(text, from) : -1;
  if (end < 0) return -1;
  const at = pastBlanks(text, end);
  return text.charCodeAt(at) === colon ? pastBlanks(text, at + 1) : -1;
}

function pastScalar(text: string, from: number): number {
  if (text.charCodeAt(from) === quote) return pastString(text, from);
  const word = words.find((each) => text.startsWith(each, from));
  return word === undefined ? pastNumber(text, from) : from + word.length;
}

function pastString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code < 0x20) return -1;
    if (code !== backslash) continue;
    at += 1;
    if (text[at] === 'u') {
      for (const end = at + 4; at < end; at += 1) if (!isHex(text.charCodeAt(at + 1))) return -1;
    } else if (!escapes.has(text.charCodeAt(at))) return -1;
  }
  return -1;
}

function pastNumber(text: string, from: number): number {
  let at = text[from] === '-' ? from + 1 : from;
  at = text[at] === '0' ? at + 1 : pastDigits(text, at);
  if (at >= 0 && text[at] === '.') at = pastDigits(text, at + 1);
  if (at >= 0 && (text[at] === 'e' || text[at] === 'E')) {
    at += 1;
    at = pastDigits(text, text[at] === '+' || text[at] === '-' ? at + 1 : at);
  }
  return at;
}

function pastDigits(text: string, from: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at += 1;
  return at > from ? at : -1;
}

function pastBlanks(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09; ) {
    at += 1;
    code = text.charCodeAt(at);
  }
  return at;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isHex(code: number): boolean {
  return isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66);
}
