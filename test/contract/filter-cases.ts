/**
 * Filters (docs/prefect-facts.md, "Filters") as a table: a corpus of six events, and filters with the events that each
 * must find. Names and ids of the corpus begin with the run's own word.
 */
import { randomUUID } from 'node:crypto';
import { eventLike, type Sent } from '../../support/events.ts';

export interface Corpus {
  readonly word: string;
  readonly base: number;
  readonly ids: readonly string[];
  readonly events: readonly Sent[];
}

export interface FilterCase {
  readonly name: string;
  readonly filter: (corpus: Corpus) => Readonly<Record<string, unknown>>;
  /** The events found: letters of the corpus, in its order. */
  readonly finds: string;
  readonly ours?: string;
}

/** The events `a` to `f`, one second apart. */
export function makeCorpus(word: string): Corpus {
  const base = Date.now() - 60_000;
  const ids = Array.from({ length: 6 }, () => randomUUID());
  const related = (id: string, role: string, labels: object = {}): object => ({
    'prefect.resource.id': `${word}.${id}`,
    'prefect.resource.role': role,
    ...labels,
  });
  const resource = (id: string, labels: object): object => ({ 'prefect.resource.id': `${word}.${id}`, ...labels });
  const events: Sent[] = [
    {
      event: `${word}.order.created`,
      resource: resource('shop.1', { region: 'eu', tag: '50%_x' }),
      related: [related('user.1', 'buyer', { tier: 'gold' }), related('user.2', 'seller', { tier: 'free' })],
      payload: { note: `Hello${word} World`, deep: [{ inner: `nested${word}` }] },
    },
    {
      event: `${word}.order.paid`,
      resource: resource('shop.1', { region: 'us-east', empty: '' }),
      related: [related('user.1', 'seller', { tier: 'free' })],
      payload: { note: `grüße${word}`, [`key${word}`]: 12345 },
    },
    {
      event: `${word}.user.created`,
      resource: resource('shop.2', { region: 'eu-west', tag: '50%Yx', say: 'it "is" [so]', 'a "b" c': 'x' }),
      payload: { note: `World${word} of things` },
    },
    {
      event: `${word}.user_login`,
      resource: resource('SHOP.3', { region: 'EU', tag: 'a\\b*c' }),
      related: [related('user.3', 'buyer', { tier: 'gold' })],
    },
    {
      event: `${word}.userXlogin`,
      resource: resource('shop_4', { region: '!eu', label: `tail${word}` }),
      related: [related('user.1', 'watcher'), related('shop.2', 'twin')],
    },
    { event: `${word}.ÜBER`, resource: resource('shopX4', { name: `ÄRGER${word}` }) },
  ].map((fields, at) => eventLike({ ...fields, id: ids[at], occurred: new Date(base + 1000 * at).toISOString() }));
  return { word, base, ids, events };
}

const caseSensitive = '[Q] SQLite ignores the case of ASCII letters';
const plainWildcards = '[Q] % and _ act as wildcards in prefixes';
const nonAscii = '[Q] non-ASCII text is stored escaped, or folded for ASCII only, and not found';
const quotedLabels = 'SQLite cannot look up a label with a quote in its name';
const searchesValues = '[Q] the store searches the JSON text';

type Row = readonly [name: string, part: (word: string) => object, finds: string, ours?: string];

const eventRows: readonly Row[] = [
  ['prefix', (w) => ({ prefix: [`${w}.order.`] }), 'ab'],
  ['prefixes, any of them', (w) => ({ prefix: [`${w}.order.p`, `${w}.user.`] }), 'bc'],
  ['an empty list of prefixes', () => ({ prefix: [] }), 'abcdef'],
  ['exclude_prefix', (w) => ({ exclude_prefix: [`${w}.order`, `${w}.user.`] }), 'def'],
  ['name', (w) => ({ name: [`${w}.order.paid`, `${w}.user`] }), 'b'],
  ['exclude_name', (w) => ({ exclude_name: [`${w}.order.paid`] }), 'acdef'],
  ['fields together', (w) => ({ prefix: [`${w}.order`, `${w}.user`], exclude_name: [`${w}.order.paid`] }), 'acde'],
  ['name in its case', (w) => ({ name: [`${w}.Order.paid`] }), ''],
  ['prefix in its case', (w) => ({ prefix: [`${w}.Order`] }), '', caseSensitive],
  ['_ in a prefix as itself', (w) => ({ prefix: [`${w}.user_`] }), 'd', plainWildcards],
  ['% in a prefix as itself', (w) => ({ prefix: [`${w}.%`] }), '', plainWildcards],
  ['_ in an exclude_prefix as itself', (w) => ({ exclude_prefix: [`${w}.user_l`] }), 'abcef', plainWildcards],
  ['a prefix in another script', (w) => ({ prefix: [`${w}.Ü`] }), 'f'],
];

const resourceRows: readonly Row[] = [
  ['id', (w) => ({ id: [`${w}.shop.1`, `${w}.shop`] }), 'ab'],
  ['id in its case', (w) => ({ id: [`${w}.shop.3`] }), ''],
  ['id_prefix', (w) => ({ id_prefix: [`${w}.shop.`] }), 'abc', caseSensitive],
  ['several id_prefixes', (w) => ({ id_prefix: [`${w}.shop.2`, `${w}.shopX`] }), 'cf'],
  ['_ in an id_prefix as itself', (w) => ({ id_prefix: [`${w}.shop_`] }), 'e', plainWildcards],
  ['a related id: the primary resource only', (w) => ({ id: [`${w}.user.1`] }), ''],
  ['a label', () => ({ labels: { region: 'eu-west' } }), 'c'],
  ['one of several values', () => ({ labels: { region: ['eu-west', 'us-east'] } }), 'bc'],
  ['all of several labels', () => ({ labels: { region: ['eu', 'eu-west'], tag: '50%_x' } }), 'a'],
  ['a label in its case', () => ({ labels: { region: 'eu' } }), 'a', caseSensitive],
  ['* in a label', () => ({ labels: { region: 'eu-*' } }), 'c'],
  ['* for nothing', () => ({ labels: { region: 'us-east*' } }), 'b'],
  ['* alone: any value, the empty one too', () => ({ labels: { empty: '*' } }), 'b'],
  ['* in the middle', () => ({ labels: { region: '*-*st' } }), 'bc'],
  ['? for one character', () => ({ labels: { region: 'us?east' } }), 'b'],
  ['? for no character', () => ({ labels: { region: 'us-east?' } }), ''],
  ['% and _ as themselves', () => ({ labels: { tag: '50%_x' } }), 'a'],
  ['% as no wildcard', () => ({ labels: { tag: '50%' } }), ''],
  ['? where _ stands', () => ({ labels: { tag: '50%?x' } }), 'ac'],
  ['a backslash as itself', () => ({ labels: { tag: 'a\\b*' } }), 'd'],
  ['brackets and quotes as themselves', () => ({ labels: { say: 'it "is" [so]' } }), 'c'],
  ['a label named with quotes', () => ({ labels: { 'a "b" c': 'x' } }), 'c', quotedLabels],
  ['a negated value', () => ({ labels: { tag: '!50%_x' } }), 'cd'],
  ['a negated glob', () => ({ labels: { region: '!*-*' } }), 'ade'],
  ['a negated value among others: any of them', () => ({ labels: { region: ['!*-*', 'us-east'] } }), 'abde'],
  ['a label that is not there, negated', () => ({ labels: { nowhere: '!x' } }), ''],
  ['an empty value', () => ({ labels: { empty: '' } }), 'b'],
  ['"!": any non-empty value', () => ({ labels: { tag: '!', region: '*' } }), 'acd'],
  ['"!" on an empty value', () => ({ labels: { empty: '!' } }), ''],
  ['an empty list of values', () => ({ labels: { region: [] } }), ''],
  ['an empty list for the id label: no condition', () => ({ labels: { 'prefect.resource.id': [] } }), 'abcdef'],
  ['"" for the id label: no condition', () => ({ labels: { 'prefect.resource.id': '' } }), 'abcdef'],
  ['a glob on the id label', (w) => ({ labels: { 'prefect.resource.id': `${w}.*.2` } }), 'c'],
  ['the id label negated', (w) => ({ labels: { 'prefect.resource.id': `!${w}.shop*` } }), 'd', caseSensitive],
  ['the role label: nothing', () => ({ labels: { 'prefect.resource.role': 'buyer' } }), ''],
  ['empty labels', () => ({ labels: {} }), 'abcdef'],
];

const relatedRows: readonly Row[] = [
  ['id', (w) => ({ id: [`${w}.user.1`] }), 'abe'],
  ['role', () => ({ role: ['buyer'] }), 'ad'],
  ['one related must fit all fields', (w) => ({ id: [`${w}.user.1`], role: ['seller'] }), 'b'],
  ['each entry of a list may be met by another', (w) => [{ id: [`${w}.user.1`] }, { role: ['seller'] }], 'ab'],
  ['an empty list', () => [], 'abcdef'],
  ['an empty entry', () => ({}), 'abcdef'],
  [
    'resources_in_roles',
    (w) => ({
      resources_in_roles: [
        [`${w}.user.1`, 'seller'],
        [`${w}.user.3`, 'buyer'],
      ],
    }),
    'bd',
  ],
  ['labels', () => ({ labels: { tier: 'gold' } }), 'ad'],
  ['labels with a glob, negated', () => ({ labels: { tier: '!g*' } }), 'ab'],
  ['labels and role of one related', () => ({ role: ['seller'], labels: { tier: 'gold' } }), ''],
  ['the role label, exact', () => ({ labels: { 'prefect.resource.role': 'watcher' } }), 'e'],
  ['the role label has no globs', () => ({ labels: { 'prefect.resource.role': 'watch*' } }), ''],
  ['the role label has no negation', () => ({ labels: { 'prefect.resource.role': '!watcher' } }), ''],
  ['the id label', (w) => ({ labels: { 'prefect.resource.id': `${w}.user.?` } }), 'abde'],
  ['an id of the primary resource only', (w) => ({ id: [`${w}.shop.1`] }), ''],
];

const anyRows: readonly Row[] = [
  ['id of either', (w) => ({ id: [`${w}.shop.2`] }), 'ce'],
  ['id_prefix of either', (w) => ({ id_prefix: [`${w}.shop.2`, `${w}.user.3`] }), 'cde'],
  ['labels of either', () => ({ labels: { region: 'eu-west' } }), 'c'],
  ['labels of a related', () => ({ labels: { tier: 'gold' } }), 'ad'],
  ['a list', (w) => [{ id: [`${w}.shop.1`] }, { id: [`${w}.user.2`] }], 'a'],
  ['one resource must fit all fields', (w) => ({ id: [`${w}.shop.1`], labels: { tier: 'gold' } }), ''],
];

const textRows: readonly Row[] = [
  ['a word of a name', (w) => ({ query: `${w}.order.c` }), 'a'],
  ['a part of a word, in any case', (w) => ({ query: `${w.toUpperCase()}.ORDER` }), 'ab'],
  ['two words: one of them', (w) => ({ query: `hello${w} world${w}` }), 'ac'],
  ['a word that must and others that may', (w) => ({ query: `+${w}.order hello${w} world${w}` }), 'a'],
  ['two words that must', (w) => ({ query: `+${w} +gold` }), 'ad'],
  ['a word that must not', (w) => ({ query: `${w} -order` }), 'cdef'],
  ['a word that must not, with !', (w) => ({ query: `${w} !order !user` }), 'f'],
  ['only words that must not', () => ({ query: '-order' }), 'cdef'],
  ['a phrase', (w) => ({ query: `"hello${w} world"` }), 'a'],
  ['a phrase that must', (w) => ({ query: `${w} +"${w} of things"` }), 'c'],
  ['a phrase with a quote inside', () => ({ query: '"it \\"is\\""' }), 'c', searchesValues],
  ['an unclosed quote', (w) => ({ query: `"${w} of` }), 'c'],
  ['a prefix followed by a blank', (w) => ({ query: `- order.created + ${w}.nothing` }), 'a'],
  ['nothing', () => ({ query: '' }), 'abcdef'],
  ['blanks', () => ({ query: '   ' }), 'abcdef'],
  ['a label value', (w) => ({ query: `tail${w}` }), 'e'],
  ['a label value of a related', () => ({ query: 'watcher' }), 'e'],
  ['a payload value inside lists and objects', (w) => ({ query: `nested${w}` }), 'a'],
  ['a payload key', (w) => ({ query: `key${w}` }), 'b'],
  ['a number in a payload', () => ({ query: '12345' }), 'b'],
  ['% and _ as themselves', () => ({ query: '50%_x' }), 'a', searchesValues],
  ['a name beyond ASCII', (w) => ({ query: `${w}.Ü` }), 'f', nonAscii],
  ['a name beyond ASCII in another case', (w) => ({ query: `${w}.über` }), 'f', nonAscii],
  ['a label beyond ASCII', (w) => ({ query: `ärger${w}` }), 'f', nonAscii],
  ['a payload beyond ASCII', (w) => ({ query: `GRÜSSE${w} grüße${w}` }), 'b', nonAscii],
  ['no label names', () => ({ query: 'prefect.resource.id' }), '', searchesValues],
];

const part = (name: string, rows: readonly Row[]): FilterCase[] =>
  rows.map(([title, build, finds, ours]) => ({
    name: `${name}: ${title}`,
    filter: ({ word }) => ({ [name]: build(word) }),
    finds,
    ...(ours === undefined ? {} : { ours }),
  }));

export const filterCases: readonly FilterCase[] = [
  ...part('event', eventRows),
  ...part('resource', resourceRows),
  ...part('related', relatedRows),
  ...part('any_resource', anyRows),
  ...part('text', textRows),
  {
    name: 'id',
    filter: ({ ids }) => ({ id: { id: [ids[1], ids[4]?.toUpperCase().replaceAll('-', '')] } }),
    finds: 'be',
  },
  { name: 'id: an empty list', filter: () => ({ id: { id: [] } }), finds: 'abcdef' },
  {
    name: 'since and until, both inclusive',
    filter: ({ events }) => ({ occurred: { since: events[1]?.['occurred'], until: events[3]?.['occurred'] } }),
    finds: 'bcd',
  },
  {
    name: 'since after until: nothing',
    filter: ({ events }) => ({ occurred: { since: events[3]?.['occurred'], until: events[1]?.['occurred'] } }),
    finds: '',
  },
  {
    name: 'all parts together',
    filter: ({ word, events }) => ({
      occurred: { since: events[0]?.['occurred'] },
      event: { prefix: [`${word}.order`] },
      resource: { labels: { region: '*' } },
      related: { id: [`${word}.user.1`] },
      any_resource: { labels: { tier: 'free' } },
      text: { query: '+world hello' },
    }),
    finds: 'a',
  },
];
