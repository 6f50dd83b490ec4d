/**
 * One event in the many forms in which JSON can say it: white space, the order of fields, escapes, numbers, times and
 * ids. All comes from a seed, so that a million of them can be written in minutes, and any of them again.
 */
import { randomFrom } from '../../support/random.ts';
import type { Tree } from './arbitrary-json.ts';
import { pick, randomFields } from './random-event.ts';

/** The text of an event; a few of them break a rule. */
export function eventText(seed: number): string {
  const random = randomFrom(seed);
  return writeEvent(randomFields(random), random);
}

/** An event's fields in a random form. A field may be an object of another kind: then the event is refused. */
export function writeEvent(fields: readonly (readonly [string, Tree])[], random: () => number): string {
  const form = new Form(random);
  const ordered = form.isShuffled ? shuffled(fields, random) : fields;
  const object: Tree = { kind: 'object', members: ordered.map(([name, value]) => [name, value]) };
  const mark = random() < 0.01 ? '\ufeff' : '';
  return `${mark}${form.blank(0)}${form.write(object, 0)}${form.blank(0)}`;
}

type Blanks = 'none' | 'python' | 'indented' | 'wild';
type Escapes = 'canonical' | 'ascii' | 'html' | 'wild';

const short: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

class Form {
  readonly isShuffled: boolean;
  readonly #random: () => number;
  readonly #blanks: Blanks;
  readonly #escapes: Escapes;

  constructor(random: () => number) {
    this.#random = random;
    this.#blanks = pick(random, ['none', 'none', 'python', 'indented', 'wild']);
    this.#escapes = pick(random, ['canonical', 'canonical', 'ascii', 'html', 'wild']);
    this.isShuffled = random() < 0.4;
  }

  write(tree: Tree, level: number): string {
    if (tree.kind === 'scalar') return tree.text;
    if (tree.kind === 'string') return this.text(tree.value);
    const inner = level + 1;
    const items =
      tree.kind === 'array'
        ? tree.items.map((item) => this.write(item, inner))
        : tree.members.map(([key, value]) => `${this.text(key)}${this.#colon()}${this.write(value, inner)}`);
    const [open, close] = tree.kind === 'array' ? '[]' : '{}';
    if (items.length === 0) return `${open}${this.blank(-1)}${close}`;
    return `${open}${this.blank(inner)}${items.join(this.#comma(inner))}${this.blank(level)}${close}`;
  }

  /** White space where none need be; `level` is that of what follows, -1 within an empty pair. */
  blank(level: number): string {
    if (this.#blanks === 'indented' && level >= 0) return `\n${'  '.repeat(level)}`;
    return this.#blanks === 'wild' ? pick(this.#random, ['', '', ' ', '\n', '\t', '\r\n  ', ' '.repeat(20)]) : '';
  }

  text(value: string): string {
    let text = '';
    for (const unit of this.#escapes === 'wild' ? value.split('') : value) text += this.#character(unit);
    return `"${text}"`;
  }

  /** Half a character can be said by an escape only. */
  #character(unit: string): string {
    const code = unit.charCodeAt(0);
    if (this.#escapes === 'wild' && this.#random() < 0.2) return this.#wild(unit);
    if (code < 0x20 || unit === '"' || unit === '\\') return short[unit] ?? escapeOf(unit);
    const isEscaped =
      (this.#escapes === 'ascii' && code > 0x7e) ||
      (this.#escapes === 'html' && '<>&\u2028\u2029'.includes(unit)) ||
      (code >= 0xd800 && code <= 0xdfff && unit.length === 1);
    return isEscaped ? escapeOf(unit) : unit;
  }

  #wild(unit: string): string {
    if (unit === '/') return '\\/';
    return this.#random() < 0.5 ? escapeOf(unit) : escapeOf(unit).toUpperCase().replaceAll('U', 'u');
  }

  #colon(): string {
    if (this.#blanks === 'wild') return `${this.blank(0)}:${this.blank(0)}`;
    return this.#blanks === 'none' ? ':' : ': ';
  }

  #comma(level: number): string {
    if (this.#blanks === 'python') return ', ';
    return this.#blanks === 'wild' ? `${this.blank(0)},${this.blank(0)}` : `,${this.blank(level)}`;
  }
}

function escapeOf(unit: string): string {
  return unit
    .split('')
    .map((half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

function shuffled<Value>(values: readonly Value[], random: () => number): Value[] {
  const result = [...values];
  for (let at = result.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [result[at], result[other]] = [result[other]!, result[at]!];
  }
  return result;
}

/** A byte or two changed, put in, left out or said twice: of most nothing is left that is an event. */
export function damaged(text: Buffer, random: () => number): Buffer {
  let bytes = text;
  for (let left = 1 + Math.floor(random() * 2); left > 0; left -= 1) {
    const at = Math.floor(random() * bytes.length);
    const byte =
      random() < 0.3 ? Math.floor(random() * 256) : Buffer.from(pick(random, '"\\{}[],: 0-.eué'.split('')))[0];
    const put = pick(random, [[], [byte ?? 0], [...bytes.subarray(at, at + 12)]]);
    bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(put), bytes.subarray(at + (random() < 0.5 ? 1 : 0))]);
  }
  return bytes;
}
