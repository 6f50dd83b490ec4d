/**
 * `text`: words and phrases anywhere in an event's name, labels and payload. The search text of an event is folded when
 * it is stored.
 */
import type { Filter } from '../../../schemas/filter.ts';
import type { FilterPart } from '../filter-part.ts';
import { listsBytes } from '../heap-bytes.ts';
import { asSet } from '../key-sets.ts';
import { isRecord, optional, type Reader, readModel, readString, refuse, under } from '../read-model.ts';
import { modelSchema } from '../sent-schemas.ts';
import { any } from '../sql-patterns.ts';
import { parseTextQuery, textFits } from '../text.ts';

type Text = Filter['text'];

const textCharactersMax = 200;

export const text: FilterPart<Text> = {
  name: 'text',
  about:
    '`query`, of at most 200 characters: words of which one must be there, `+` before one that must, `-` or `!` ' +
    'before one that must not, `"a phrase"`; without regard to case',
  schema: { ...modelSchema({ query: { type: 'string', maxLength: textCharactersMax } }), required: ['query'] },
  absent: () => null,
  isAbsent: (query) => query === null,
  read: (absent) => optional(absent, readText),
  test: (query) => query && (({ search }) => textFits(query, search)),
  sql: (query, bind) => {
    if (query === null) return [];
    const holds = (term: string) => `position(search, ${bind('String', term)}) > 0`;
    return [
      ...(query.include.length > 0 ? [any(query.include.map(holds))] : []),
      ...query.required.map(holds),
      ...query.exclude.map((term) => `NOT (${holds(term)})`),
    ];
  },
  key: (query) => [query && listsOf(query).map(asSet)],
  access: () => [],
  labels: () => [],
  heapBytes: (query) => (query === null ? 0 : listsBytes(listsOf(query))),
};

const readText: Reader<Text> = (input, place) =>
  readModel<Text>(input, place, null, (field) => {
    const query = field<string | null>('query', null, readQuery);
    const isMissing = isRecord(input) && !Object.hasOwn(input, 'query');
    if (isMissing) refuse(under(place, 'query'), 'missing', 'Field required', input);
    return query === null ? null : parseTextQuery(query);
  });

const readQuery: Reader<string> = (input, place) => {
  const query = readString(input, place);
  // A character has two UTF-16 units at most.
  const start = query.slice(0, 2 * textCharactersMax);
  const isTooLong = start.length < query.length || [...start].length > textCharactersMax;
  if (!isTooLong) return query;
  const msg = `String should have at most ${textCharactersMax} characters`;
  refuse(place, 'string_too_long', msg, input, { max_length: textCharactersMax });
  return '';
};

/** In the order of the key. */
function listsOf({ include, required, exclude }: NonNullable<Text>): readonly (readonly string[])[] {
  return [include, required, exclude];
}
