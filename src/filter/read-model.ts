/**
 * Readers that check a parsed JSON value and word every refusal as Pydantic does (docs/prefect-facts.md, "Validation
 * errors"). A reader adds its issues to its place and returns a stand-in, so that all errors of a body come at once.
 */
import { issuesMax, type Location, type ValidationIssue } from '../../schemas/validation-issue.ts';
import { parseTime, timeIssue } from './time.ts';
import { parseUuid } from './uuid.ts';

export interface ReadPlace {
  readonly loc: Location;
  readonly issues: ValidationIssue[];
}

export type Reader<Value> = (input: unknown, place: ReadPlace) => Value;
/** Reads one field of a model, or gives `whenAbsent`. */
export type FieldReader = <Value>(name: string, whenAbsent: Value, reader: Reader<Value>) => Value;

/** A model that forbids unknown fields: their issues follow those of the known ones. */
export function readModel<Model>(
  input: unknown,
  place: ReadPlace,
  standIn: Model,
  read: (field: FieldReader) => Model,
): Model {
  if (!isRecord(input)) {
    refuse(
      place,
      'model_attributes_type',
      'Input should be a valid dictionary or object to extract fields from',
      input,
    );
    return standIn;
  }
  const known = new Set<string>();
  const model = read((name, whenAbsent, reader) => {
    known.add(name);
    return Object.hasOwn(input, name) ? reader(input[name], under(place, name)) : whenAbsent;
  });
  for (const name of Object.keys(input)) {
    if (isFull(place)) break;
    if (known.has(name)) continue;
    refuse(under(place, name), 'extra_forbidden', 'Extra inputs are not permitted', input[name]);
  }
  return model;
}

export function under({ loc, issues }: ReadPlace, ...parts: Location): ReadPlace {
  return { loc: [...loc, ...parts], issues };
}

export function refuse(
  place: ReadPlace,
  type: string,
  msg: string,
  input: unknown,
  ctx?: ValidationIssue['ctx'],
): void {
  const issue = { type, loc: place.loc, msg, input };
  addIssues(place, [ctx ? { ...issue, ctx } : issue]);
}

export function addIssues({ issues }: ReadPlace, more: readonly ValidationIssue[]): void {
  for (const issue of more) {
    if (issues.length >= issuesMax) return;
    issues.push(issue);
  }
}

/** Whether no further issue would be taken: the rest need not be read. */
export function isFull({ issues }: ReadPlace): boolean {
  return issues.length >= issuesMax;
}

export function isRecord(input: unknown): input is Readonly<Record<string, unknown>> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

/** Null reads as `whenNull`. */
export function optional<Value>(whenNull: Value, reader: Reader<Value>): Reader<Value> {
  return (input, place) => (input === null ? whenNull : reader(input, place));
}

export function listOf<Value>(reader: Reader<Value>): Reader<readonly Value[]> {
  return (input, place) => {
    if (!Array.isArray(input)) {
      refuse(place, 'list_type', 'Input should be a valid list', input);
      return [];
    }
    const read: Value[] = [];
    for (const [index, entry] of input.entries()) {
      if (isFull(place)) break;
      read.push(reader(entry, under(place, index)));
    }
    return read;
  };
}

/** Text that can be stored; a lone surrogate cannot, so nothing would ever equal it. */
export const readString: Reader<string> = (input, place) => {
  if (typeof input !== 'string') {
    refuse(place, 'string_type', 'Input should be a valid string', input);
    return '';
  }
  if (!isWellFormed(input)) {
    refuse(
      place,
      'string_unicode',
      'Input should be a valid string, unable to parse raw data as a unicode string',
      input,
    );
  }
  return input;
};

/** Null, as nothing, is the empty list. */
export const readStrings = optional<readonly string[]>([], listOf(readString));

export const readTime: Reader<string> = (input, place) => {
  const parsed = parseTime(input);
  if (parsed.ok) return parsed.time;
  addIssues(place, [timeIssue(parsed, place.loc, input)]);
  return '';
};

export const readUuid: Reader<string> = (input, place) => {
  const parsed = parseUuid(input);
  if (parsed.ok) return parsed.id;
  refuse(place, parsed.type, parsed.msg, input, parsed.ctx);
  return '';
};

const booleanWords = new Map<unknown, boolean>([
  ...['1', 't', 'true', 'y', 'yes', 'on'].map((word) => [word, true] as const),
  ...['0', 'f', 'false', 'n', 'no', 'off'].map((word) => [word, false] as const),
  ...([
    [1, true],
    [0, false],
    [true, true],
    [false, false],
  ] as const),
]);
const wholeNumbersBelow = 2 ** 63;

export const readBoolean: Reader<boolean> = (input, place) => {
  const value = booleanWords.get(typeof input === 'string' ? input.toLowerCase() : input);
  if (value !== undefined) return value;
  const isWhole = Number.isInteger(input) && Math.abs(input as number /* an integer is a number */) < wholeNumbersBelow;
  if (typeof input === 'string' || isWhole) {
    refuse(place, 'bool_parsing', 'Input should be a valid boolean, unable to interpret input', input);
  } else {
    refuse(place, 'bool_type', 'Input should be a valid boolean', input);
  }
  return false;
};

/** One of two words or more, exact case; the first is the stand-in. */
export function oneOf<Word extends string>(words: readonly [Word, ...Word[]]): Reader<Word> {
  const quoted = words.map((word) => `'${word}'`);
  const expected = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
  return (input, place) => {
    const word = words.find((candidate) => candidate === input);
    if (word === undefined) refuse(place, 'enum', `Input should be ${expected}`, input, { expected });
    return word ?? words[0];
  };
}

function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}
