/**
 * `SLUICE_REDACT` as rules: `label:NAME` and `payload:PATH` by commas. In a path `.` parts the keys, `*` is any key or
 * index, `**` any number of them; `\` takes the next character as it is.
 */

/** One step of a path within an event. */
export type Step = { readonly kind: 'key'; readonly key: string } | { readonly kind: 'any' | 'anyDepth' };

/** Of an event, from its outermost keys on; the last step is `key` or `any`. */
export type RedactionRule = readonly Step[];

const rulesMax = 100;
const stepsMax = 32;

const key = (name: string): Step => ({ kind: 'key', key: name });

/** Without white space around it that no backslash stands before. */
const trimmed = /^\s*((?:\\.|[^\\])*?)\s*$/s;

/** Null for text that is none. */
export function parseRedaction(text: string): readonly RedactionRule[] | null {
  const words = splitAt(text, ',').map((word) => trimmed.exec(word)?.[1] ?? '');
  if (words.length > rulesMax) return null;
  const rules: RedactionRule[] = [];
  for (const word of words) {
    const found = rulesOf(word);
    if (found === null) return null;
    rules.push(...found);
  }
  return rules;
}

function rulesOf(word: string): readonly RedactionRule[] | null {
  const colon = word.indexOf(':');
  const kind = word.slice(0, colon);
  const said = word.slice(colon + 1);
  if (colon < 0 || said === '') return null;
  if (kind === 'label') {
    const name = key(plain(said));
    return [
      [key('resource'), name],
      [key('related'), { kind: 'any' }, name],
    ];
  }
  if (kind !== 'payload') return null;
  const steps = splitAt(said, '.').map(stepOf);
  if (steps.length > stepsMax || steps.some((step) => step.kind === 'key' && step.key === '')) return null;
  // A payload is an object, and stays one.
  return steps.at(-1)?.kind === 'anyDepth' ? null : [[key('payload'), ...steps]];
}

function stepOf(text: string): Step {
  if (text === '*') return { kind: 'any' };
  return text === '**' ? { kind: 'anyDepth' } : key(plain(text));
}

/** Without the backslashes that take the next character as it is. */
function plain(text: string): string {
  return text.replaceAll(/\\(.)/gs, '$1');
}

/** At the separators that no backslash stands before. */
function splitAt(text: string, separator: string): string[] {
  const parts: string[] = [];
  let begin = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === separator) {
      parts.push(text.slice(begin, at));
      begin = at + 1;
    }
  }
  parts.push(text.slice(begin));
  return parts;
}
