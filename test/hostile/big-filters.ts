/** Filters of so many characters of JSON, of every part that takes a list; the choices are the seed's. */
import type { Choices } from '../fuzz/wire-words.ts';

/** All globs of a filter may have so many characters together (docs/PROTOCOL.md, "Bounds"). */
const globCharacters = 60_000;
const globsMax = 1_000;

type Part = (by: Choices, characters: number) => object;

/** Each with a name for the tally. */
export const bigFilters: readonly (readonly [name: string, part: Part])[] = [
  ['ids', (by, characters) => ({ id: { id: listOf(characters, () => by.id()) } })],
  ['names', (by, characters) => ({ event: { name: listOf(characters, () => word(by)) } })],
  ['names left out', (by, characters) => ({ event: { exclude_name: listOf(characters, () => word(by)) } })],
  ['prefixes', (by, characters) => ({ event: { prefix: listOf(characters, () => `${word(by)}*`) } })],
  ['resource ids', (by, characters) => ({ resource: { id: listOf(characters, () => word(by)) } })],
  ['id prefixes', (by, characters) => ({ resource: { id_prefix: listOf(characters, () => word(by)) } })],
  ['label values', (by, characters) => ({ resource: { labels: { l: listOf(characters, () => word(by)) } } })],
  ['long label values', (by, characters) => ({ resource: { labels: { l: listOf(characters, () => long(by)) } } })],
  ['globs', (by) => ({ resource: { labels: { l: globs(by, (text) => `*${text}*`) } } })],
  ['globs in front', (by) => ({ resource: { labels: { l: globs(by, (text) => `${text}?*`) } } })],
  ['related ids', (by, characters) => ({ related: { id: listOf(characters, () => word(by)) } })],
  ['pairs', (by, characters) => ({ related: { resources_in_roles: pairs(by, Math.min(19_000, characters / 14)) } })],
  ['any resource', (by, characters) => ({ any_resource: entries(by, characters) })],
];

/** Different texts, as many as take so many characters in a list. */
export function listOf(characters: number, make: () => string): string[] {
  const texts: string[] = [];
  for (let length = 0; length < characters - 64; ) {
    const text = make();
    texts.push(text);
    length += text.length + 3;
  }
  return texts;
}

export function word(by: Choices): string {
  return by.below(2 ** 40).toString(36);
}

function long(by: Choices): string {
  return word(by).repeat(1 + by.below(400));
}

function globs(by: Choices, around: (text: string) => string): string[] {
  const made = listOf(globCharacters, () => around(word(by).slice(0, 1 + by.below(8))));
  return made.slice(0, globsMax);
}

function pairs(by: Choices, count: number): [string, string][] {
  return Array.from({ length: count }, () => [word(by), 'role']);
}

function entries(by: Choices, characters: number): object[] {
  const count = 1 + by.below(50);
  return Array.from({ length: count }, () => ({
    id_prefix: listOf(characters / count / 2, () => word(by)),
    labels: { l: listOf(characters / count / 2 - 64, () => word(by)) },
  }));
}
