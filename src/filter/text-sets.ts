/**
 * Whether a text is one of many, or begins with one of many, at a cost that their number hardly changes.
 */

type Test = (text: string) => boolean;

/** Null for none: no condition. */
export function anyOf(texts: readonly string[]): Test | null {
  const [only] = texts;
  if (only === undefined) return null;
  if (texts.length === 1) return (text) => text === only;
  const set = new Set(texts);
  return (text) => set.has(text);
}

/** Up to this many are tried one by one. */
const fewMax = 8;
/** Shorter prefixes are looked up by their length. */
const shortMax = 48;

/** Null for none: no condition. */
export function anyPrefix(prefixes: readonly string[]): Test | null {
  if (prefixes.length === 0) return null;
  if (prefixes.length <= fewMax) return (text) => prefixes.some((prefix) => text.startsWith(prefix));
  const byLength = new Map<number, Set<string>>();
  const long: string[] = [];
  for (const prefix of prefixes) {
    if (prefix.length > shortMax) long.push(prefix);
    else byLength.set(prefix.length, (byLength.get(prefix.length) ?? new Set()).add(prefix));
  }
  const startsLong = anyLongPrefix(long);
  return (text) => {
    for (const [length, set] of byLength) if (length <= text.length && set.has(text.slice(0, length))) return true;
    return startsLong(text);
  };
}

/**
 * Searches by halves. No prefix begins with another here: so only the last one that does not sort behind the text can
 * be its start.
 */
function anyLongPrefix(prefixes: readonly string[]): Test {
  const sorted: string[] = [];
  for (const prefix of [...prefixes].sort()) {
    const before = sorted.at(-1);
    if (before === undefined || !prefix.startsWith(before)) sorted.push(prefix);
  }
  return (text) => {
    let [from, to] = [0, sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (sorted[middle]! <= text) from = middle + 1;
      else to = middle;
    }
    return from > 0 && text.startsWith(sorted[from - 1]!);
  };
}
