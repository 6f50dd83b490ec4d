/**
 * Reads a filter as a client sends it (docs/prefect-facts.md, "Filters"): defaults filled in, absent conditions
 * dropped, the special cases of labels resolved, so that predicate and SQL start from one meaning (I6); or every reason
 * why it is none, in Prefect's words.
 */
import { resourceIdLabel, resourceRoleLabel } from '../../schemas/event.ts';
import type { AnyResourceFilter, Filter, LabelPatterns, RelatedFilter, TextQuery } from '../../schemas/filter.ts';
import type { Checked, Location } from '../../schemas/validation-issue.ts';
import { boundIssues, entriesMax } from './filter-bounds.ts';
import { isUnconditional } from './pattern.ts';
import {
  addIssues,
  isFull,
  isRecord,
  listOf,
  oneOf,
  optional,
  type Place,
  type Reader,
  readBoolean,
  readModel,
  readString,
  readTime,
  readUuid,
  refuse,
  under,
} from './read-model.ts';
import { parseTextQuery } from './text.ts';
import { timeOfDate } from './time.ts';

export interface FilterDefaults {
  readonly now: Date;
  /** A missing `until` is none (on `/out`) instead of `now`. */
  readonly openEnded: boolean;
}

export function validateFilter(input: unknown, options: FilterDefaults & { readonly loc: Location }): Checked<Filter> {
  const place: Place = { loc: options.loc, issues: [] };
  const absent = defaultFilter(options);
  const value = readModel<Filter>(input, place, absent, (field) => ({
    occurred: field('occurred', absent.occurred, readOccurred(absent.occurred)),
    event: field('event', absent.event, optional(absent.event, readEventNames)),
    resource: field('resource', absent.resource, optional(absent.resource, readResource)),
    related: field('related', [], optional([], oneOrMore('EventRelatedFilter', readRelated))).filter(hasCondition),
    anyResource: field('any_resource', [], optional([], oneOrMore('EventAnyResourceFilter', readAnyResource))).filter(
      hasCondition,
    ),
    id: field('id', [], readIds),
    text: field('text', null, optional<TextQuery | null>(null, readText)),
    order: field('order', absent.order, readOrder),
  }));
  if (place.issues.length === 0) addIssues(place, boundIssues(value, options.loc));
  return place.issues.length === 0 ? { ok: true, value } : { ok: false, issues: place.issues };
}

/** The filter of a request that names none: the last 180 days, newest first. */
export function defaultFilter({ now, openEnded }: FilterDefaults): Filter {
  const since = new Date(now.getTime() - lookBackDays * dayMs).setUTCHours(0, 0, 0, 0);
  return {
    occurred: { since: timeOfDate(new Date(since)), until: openEnded ? null : endOfMillisecond(now) },
    event: noEventNames,
    resource: { ...noAnyResource, distinct: false },
    related: [],
    anyResource: [],
    id: [],
    text: null,
    order: 'DESC',
  };
}

const lookBackDays = 180;
const dayMs = 86_400_000;
const textCharactersMax = 200;

const noLabels: LabelPatterns = Object.freeze(Object.create(null));
const noEventNames: Filter['event'] = { prefix: [], excludePrefix: [], name: [], excludeName: [] };
const noRelated: RelatedFilter = { id: [], role: [], resourcesInRoles: [], labels: noLabels };
const noAnyResource: AnyResourceFilter = { id: [], idPrefix: [], labels: noLabels };

/** Senders have a clock of microseconds, this one has milliseconds: what occurred "now" must not lie after it. */
function endOfMillisecond(now: Date): string {
  return `${now.toISOString().slice(0, 23)}999Z`;
}

const readStrings = optional<readonly string[]>([], listOf(readString));
const readOrder = oneOf(['ASC', 'DESC']);

function readOccurred(absent: Filter['occurred']): Reader<Filter['occurred']> {
  return (input, place) =>
    readModel(input, place, absent, (field) => ({
      since: field('since', absent.since, readTime),
      until: field<string | null>('until', absent.until, readTime),
    }));
}

const readEventNames: Reader<Filter['event']> = (input, place) =>
  readModel(input, place, noEventNames, (field) => ({
    prefix: field('prefix', [], readStrings),
    excludePrefix: field('exclude_prefix', [], readStrings),
    name: field('name', [], readStrings),
    excludeName: field('exclude_name', [], readStrings),
  }));

const readResource: Reader<Filter['resource']> = (input, place) =>
  readModel(input, place, { ...noAnyResource, distinct: false }, (field) => ({
    id: field('id', [], readStrings),
    idPrefix: field('id_prefix', [], readStrings),
    labels: field('labels', noLabels, optional(noLabels, readLabels('primary'))),
    distinct: field('distinct', false, readBoolean),
  }));

const readRelated: Reader<RelatedFilter> = (input, place) =>
  readModel(input, place, noRelated, (field) => ({
    id: field('id', [], readStrings),
    role: field('role', [], readStrings),
    resourcesInRoles: field('resources_in_roles', [], optional([], listOf(readPair))),
    labels: field('labels', noLabels, optional(noLabels, readLabels('any'))),
  }));

const readAnyResource: Reader<AnyResourceFilter> = (input, place) =>
  readModel(input, place, noAnyResource, (field) => ({
    id: field('id', [], readStrings),
    idPrefix: field('id_prefix', [], readStrings),
    labels: field('labels', noLabels, optional(noLabels, readLabels('any'))),
  }));

const readIds: Reader<readonly string[]> = (input, place) =>
  readModel(input, place, [], (field) => field('id', [], optional([], listOf(readUuid))));

const readText: Reader<TextQuery | null> = (input, place) =>
  readModel(input, place, null, (field) => {
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

const readPair: Reader<readonly [string, string]> = (input, place) => {
  if (!Array.isArray(input)) {
    refuse(place, 'tuple_type', 'Input should be a valid tuple', input);
  } else if (input.length > 2) {
    const msg = `Tuple should have at most 2 items after validation, not ${input.length}`;
    refuse(place, 'too_long', msg, input, { field_type: 'Tuple', max_length: 2, actual_length: input.length });
  } else {
    const [id, role] = [0, 1].map((index) => {
      if (index < input.length) return readString(input[index], under(place, index));
      refuse(under(place, index), 'missing', 'Field required', input);
      return '';
    });
    return [id ?? '', role ?? ''];
  }
  return ['', ''];
};

/** One model or a list of them; if it is neither, the issues of both readings. */
function oneOrMore<Entry>(name: string, reader: Reader<Entry>): Reader<readonly Entry[]> {
  return (input, place) => {
    if (Array.isArray(input) && input.length > entriesMax) {
      const msg = `List should have at most ${entriesMax} items after validation, not ${input.length}`;
      refuse(place, 'too_long', msg, null, {
        field_type: 'List',
        max_length: entriesMax,
        actual_length: input.length,
      });
      return [];
    }
    const asOne = under({ ...place, issues: [] }, name);
    const one = reader(input, asOne);
    if (asOne.issues.length === 0) return [one];
    const asList = under({ ...place, issues: [] }, `list[${name}]`);
    const list = listOf(reader)(input, asList);
    if (asList.issues.length === 0) return list;
    addIssues(place, asOne.issues);
    addIssues(place, asList.issues);
    return [];
  };
}

/**
 * Label patterns of the primary resource, or of any. An id without a condition fits every resource (`*`), so an entry that
 * names only such labels still wants one resource to be there. The primary resource has no role: its label fits nothing.
 */
function readLabels(resource: 'primary' | 'any'): Reader<LabelPatterns> {
  return (input, place) => {
    // Without a prototype, `__proto__` is a label like any other.
    const labels: Record<string, readonly string[]> = Object.create(null);
    if (!isRecord(input)) {
      refuse(place, 'dict_type', 'Input should be a valid dictionary', input);
      return labels;
    }
    for (const label of Object.keys(input)) {
      if (isFull(place)) break;
      readString(label, under(place, label));
      const value = readPatterns(input[label], under(place, label));
      if (label === resourceRoleLabel && resource === 'primary') labels[label] = [];
      else if (isUnconditional(label, value)) labels[resourceIdLabel] ??= ['*'];
      else labels[label] = typeof value === 'string' ? [value] : value;
    }
    return labels;
  };
}

const readPatterns: Reader<string | readonly string[]> = (input, place) => {
  if (typeof input === 'string') return readString(input, under(place, 'str'));
  const isList = Array.isArray(input) && input.every((entry) => typeof entry === 'string');
  if (!isList) readString(input, under(place, 'str'));
  return listOf(readString)(input, under(place, 'list[str]'));
};

/** An entry without any condition is met by every event, one without related resources included. */
function hasCondition(entry: RelatedFilter | AnyResourceFilter): boolean {
  return Object.values(entry).some((part) => Object.keys(part).length > 0);
}
