/**
 * The words behind `npm run NAME --`, for every script: one table says what they mean, what `--help` prints, and what
 * there is not.
 */
import { parseArgs } from 'node:util';

export interface ScriptOption {
  /** Says what the option takes: `false` nothing, a number a number, a text any word; '' where it may be left out. */
  readonly default: boolean | number | string;
  readonly says: string;
  /** What the help calls its word; by default N for a number. */
  readonly word?: string;
  /** The only words that it takes. */
  readonly oneOf?: readonly string[];
  /** What the help says of the default, where the value itself says nothing. */
  readonly shown?: string;
}

export interface Script<Options extends Readonly<Record<string, ScriptOption>>> {
  /** Its name in package.json. */
  readonly name: string;
  /** What it does, and when its exit code is 1. */
  readonly about: string;
  /** What it takes besides options, as the help shows it: `NAME`, `[TEST…]`. Without it, nothing. */
  readonly words?: string;
  readonly options: Options;
}

type ValueOf<Default> = Default extends boolean ? boolean : Default extends number ? number : string;

export interface ScriptWords<Options extends Readonly<Record<string, ScriptOption>>> {
  readonly values: { readonly [Name in keyof Options]: ValueOf<Options[Name]['default']> };
  readonly words: readonly string[];
}

/** What is printed instead of a run: the help, with exit code 0, or one sentence, with 2. */
export interface ScriptEnd {
  readonly text: string;
  readonly code: 0 | 2;
}

/** Of random choices; a run prints it, so that it can be played again. */
export const seedOption = {
  default: Math.trunc(Math.random() * 2 ** 30),
  says: 'of the random choices',
  shown: 'another each time',
};

/** What stands behind the script on its command line. Ends the process for `--help`, and for what it does not take. */
export function readOptions<Options extends Readonly<Record<string, ScriptOption>>>(
  script: Script<Options>,
): ScriptWords<Options> {
  const read = wordsOf(script, process.argv.slice(2));
  if ('code' in read) end(read);
  return read;
}

/** Ends the process with the sentence and exit code 2: for what a script finds wrong with its words itself. */
export function refuse({ name }: { readonly name: string }, sentence: string): never {
  end(refusal(name, sentence));
}

export function wordsOf<Options extends Readonly<Record<string, ScriptOption>>>(
  script: Script<Options>,
  args: readonly string[],
): ScriptWords<Options> | ScriptEnd {
  const table: ReadonlyMap<string, ScriptOption> = new Map(Object.entries(script.options));
  const types = [...table].map(([name, { default: value }]) => [name, { type: typeOf(value) }] as const);
  const options = { ...Object.fromEntries(types), help: { type: 'boolean' } } as const;
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  const values = new Map<string, boolean | number | string>([...table].map(([name, option]) => [name, option.default]));
  const words: string[] = [];
  const faults: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    if (token.name === 'help') return { text: helpOf(script), code: 0 };
    const option = table.get(token.name);
    const value = option === undefined ? null : takenOf(option, token.value);
    if (option === undefined) faults.push(`there is no option ${token.rawName}`);
    else if (value === null) faults.push(`${token.rawName} ${wantsOf(option)}`);
    else values.set(token.name, value);
  }
  if (script.words === undefined && words.length > 0) faults.push(`"${words[0]}" is no option`);
  if (faults[0] !== undefined) return refusal(script.name, faults[0]);
  return { values: Object.fromEntries(values) as ScriptWords<Options>['values'], words }; // each as its default is
}

function typeOf(value: ScriptOption['default']): 'boolean' | 'string' {
  return typeof value === 'boolean' ? 'boolean' : 'string';
}

/** Null for a word that the option does not take. */
function takenOf(option: ScriptOption, word: string | undefined): boolean | number | string | null {
  if (option.default === false) return word === undefined ? true : null;
  if (word === undefined || word === '') return null;
  if (typeof option.default === 'number') return /^\d+(\.\d+)?(e\d+)?$/.test(word) ? Number(word) : null;
  return option.oneOf === undefined || option.oneOf.includes(word) ? word : null;
}

function wantsOf(option: ScriptOption): string {
  if (option.default === false) return 'takes no value';
  if (typeof option.default === 'number') return 'takes a number';
  return option.oneOf === undefined ? 'takes a word' : `is one of: ${option.oneOf.join(', ')}`;
}

function helpOf({ name, about, words, options }: Script<Readonly<Record<string, ScriptOption>>>): string {
  const rows = Object.entries(options).map(([name, option]) => [`--${name}${wordOf(option)}`, saysOf(option)] as const);
  const all = [...rows, ['--help', 'this text'] as const];
  const width = Math.max(...all.map(([left]) => left.length));
  const lines = all.map(
    ([left, says]) => `  ${left.padEnd(width)}  ${says.replaceAll('\n', `\n${' '.repeat(width + 4)}`)}`,
  );
  return `npm run ${name} -- ${words === undefined ? '' : `${words} `}[options]\n\n${about}\n\n${lines.join('\n')}\n`;
}

function wordOf({ default: value, word, oneOf }: ScriptOption): string {
  if (value === false) return '';
  return ` ${word ?? oneOf?.join('|') ?? (typeof value === 'number' ? 'N' : 'WORD')}`;
}

function saysOf({ default: value, says, shown }: ScriptOption): string {
  const what = shown ?? (value === false ? '' : String(value));
  return what === '' ? says : `${says} (${what})`;
}

function refusal(name: string, sentence: string): ScriptEnd {
  return { text: `npm run ${name}: ${sentence}; npm run ${name} -- --help says what there is.\n`, code: 2 };
}

function end({ text, code }: ScriptEnd): never {
  (code === 0 ? process.stdout : process.stderr).write(text);
  process.exit(code);
}
