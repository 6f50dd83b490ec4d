/** Each script that takes options says which, and refuses all others. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../support/script-options.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
/** They take no options; `start` is the command `sluice`, which has tests of its own. */
const without = ['start', 'docs', 'wasm'];
const names = Object.keys(scripts).filter(
  (name) => /^node /.test(scripts[name] ?? '') && scripts[name] !== scripts.prestart && !without.includes(name),
);

const script = {
  name: 'try',
  about: 'Tries. Exit code 1 if it fails.',
  words: 'NAME',
  options: {
    events: { default: 10, says: 'how many' },
    url: { default: '', word: 'URL', says: 'which server' },
    durability: { default: 'process', oneOf: ['process', 'fsync'], says: 'what a\npong promises' },
    save: { default: false, says: 'keeps the result' },
  },
} as const;

describe('the options of a script', () => {
  it('are what their defaults are, and the words besides stay in order', () => {
    const read = wordsOf(script, ['one', '--events', '2e3', '--save', '--url=http://a', 'two']);
    const values = { events: 2000, url: 'http://a', durability: 'process', save: true };
    expect(read).toEqual({ values, words: ['one', 'two'] });
    expect(wordsOf(script, [])).toEqual({
      values: { events: 10, url: '', durability: 'process', save: false },
      words: [],
    });
  });

  it('are refused in one sentence where there is no such option, or it takes something else', () => {
    const sentenceOf = (...args: string[]): string => {
      const read = wordsOf(script, args);
      if (!('code' in read)) throw new Error(`${args} was taken`);
      expect(read.code).toBe(2);
      return read.text;
    };
    const hint = 'npm run try -- --help says what there is.\n';
    expect(sentenceOf('--evnts', '3')).toBe(`npm run try: there is no option --evnts; ${hint}`);
    expect(sentenceOf('-x')).toBe(`npm run try: there is no option -x; ${hint}`);
    expect(sentenceOf('--events', 'many')).toBe(`npm run try: --events takes a number; ${hint}`);
    expect(sentenceOf('--events')).toBe(`npm run try: --events takes a number; ${hint}`);
    expect(sentenceOf('--events=')).toBe(`npm run try: --events takes a number; ${hint}`);
    expect(sentenceOf('--events=-1')).toBe(`npm run try: --events takes a number; ${hint}`);
    expect(sentenceOf('--save=yes')).toBe(`npm run try: --save takes no value; ${hint}`);
    expect(sentenceOf('--durability', 'none')).toBe(`npm run try: --durability is one of: process, fsync; ${hint}`);
    const { words, ...alone } = script;
    expect(wordsOf(alone, [words])).toEqual({ code: 2, text: `npm run try: "NAME" is no option; ${hint}` });
  });

  it('are all in its help', () => {
    expect(wordsOf(script, ['--save', '--help', '--nothing'])).toEqual({
      code: 0,
      text: `npm run try -- NAME [options]

Tries. Exit code 1 if it fails.

  --events N                  how many (10)
  --url URL                   which server
  --durability process|fsync  what a
                              pong promises (process)
  --save                      keeps the result
  --help                      this text
`,
    });
  });
});

describe('npm run', () => {
  it('has scripts to ask', () => {
    expect(names).toEqual(expect.arrayContaining(['bench', 'client:faults', 'contract', 'edge', 'forms', 'mutants']));
  });

  it.each(names)('%s -- --help says what it does, and does nothing', async (name) => {
    const [, ...words] = (scripts[name] ?? '').split(' ');
    const ended = await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, [...words, '--help'], { cwd: root, timeout: 50_000 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
      );
    });
    expect(ended).toEqual({ code: 0, stdout: expect.stringContaining('\n  --help'), stderr: '' });
    expect(ended.stdout).toMatch(new RegExp(`^npm run ${name.replace(/^contract:prefect$/, 'contract')} -- `));
  });
});
