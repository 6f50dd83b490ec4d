/** One name for one thing: what the table of docs/design.md, "Words" says, as far as it can be seen in the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const files = ['schemas', 'actors', 'src'].flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(room, name)),
);

describe('the words of the code', () => {
  it('are none of those that the table leaves to others', () => {
    const unused = unusedWords(read('docs/design.md'));
    expect(unused).toContain('watermark');
    const wrong = files.flatMap((file) =>
      found(unused, read(file))
        .filter((word) => !ofStandards(word, file))
        .map((word) => `${word} in ${file}`),
    );
    expect(wrong).toEqual([]);
  });

  it('would be seen in a comment and in a name', () => {
    const unused = unusedWords(
      '| word | what it is | not |\n|---|---|---|\n| **mark** | newest | watermark, high tide |\n',
    );
    expect(found(unused, '// the watermark moves')).toEqual(['watermark']);
    expect(found(unused, 'let highTide = 1; const watermarks = 2;')).toEqual(['high tide']);
  });

  it('give a name to one type only', () => {
    const names = files.flatMap((file) =>
      [...read(file).matchAll(/^export (?:class|interface|type) (\w+)/gm)].map(([, name = '']) => name),
    );
    const twice = new Set(names.filter((name, at) => names.indexOf(name) !== at));
    expect([...twice]).toEqual([]);
  });
});

/** AsyncAPI calls the two ways of a WebSocket a channel, a style sheet has a cursor, and NATS has consumers. */
function ofStandards(word: string, file: string): boolean {
  const describes = file.startsWith('src/description/') || file.startsWith('src/server/route');
  return (describes && ['channel', 'cursor'].includes(word)) || (file.startsWith('src/nats/') && word === 'consumer');
}

/** The last cells of the table of words. */
function unusedWords(text: string): string[] {
  const [, table = ''] = /^\| word \|.*\n\|[-|]*\n((?:\|.*\n)+)/m.exec(text) ?? [];
  return [...table.matchAll(/\| ([^|]+) \|$/gm)].flatMap(([, cell = '']) =>
    cell.split(', ').map((word) => word.trim()),
  );
}

/** Whole words, in names too: `highTide` holds "high tide". */
function found(words: readonly string[], text: string): string[] {
  const plain = text.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.filter((word) => new RegExp(`\\b${word}\\b`).test(plain));
}
