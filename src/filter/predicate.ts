/**
 * What a filter means for one event in memory: the live half of I6. `sql.ts` says the same to ClickHouse.
 */
import { type Labels, resourceIdLabel, resourceRoleLabel, timeKey } from '../../schemas/event.ts';
import type { AnyResourceFilter, Filter, LabelPatterns, RelatedFilter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { compilePatterns, parsePattern } from './pattern.ts';
import { textFits } from './text.ts';
import { anyOf, anyPrefix } from './text-sets.ts';

/** Every part but `occurred`, `order` and `distinct`. */
export function compilePredicate(filter: Filter): (event: StoredEvent) => boolean {
  return all([
    compileIds(filter.id),
    compileEventNames(filter.event),
    compilePrimary(filter.resource),
    ...filter.related.map(compileRelated),
    ...filter.anyResource.map(compileAnyResource),
    compileText(filter.text),
  ]);
}

/** Both bounds are inclusive; `until: null` is open-ended. */
export function insideWindow({ since, until }: Filter['occurred'], occurred: string): boolean {
  const key = timeKey(occurred);
  return key >= timeKey(since) && (until === null || key <= timeKey(until));
}

/** Canonical text of everything but `occurred` and `order`: filters with the same key share a topic. */
export function filterKey({ event, resource, related, anyResource, id, text }: Filter): string {
  return JSON.stringify([
    [event.prefix, event.excludePrefix, event.name, event.excludeName].map(asSet),
    [resource.id, resource.idPrefix].map(asSet),
    labelsKey(resource.labels),
    resource.distinct,
    asSet(related.map((entry) => JSON.stringify([...relatedLists(entry).map(asSet), labelsKey(entry.labels)]))),
    asSet(
      anyResource.map((entry) => JSON.stringify([asSet(entry.id), asSet(entry.idPrefix), labelsKey(entry.labels)])),
    ),
    asSet(id),
    text && [text.include, text.required, text.exclude].map(asSet),
  ]);
}

type Test<Subject> = (subject: Subject) => boolean;
/** Null is no condition. */
type Condition<Subject> = Test<Subject> | null;

function all<Subject>(conditions: readonly Condition<Subject>[]): Test<Subject> {
  const tests = conditions.filter((condition) => condition !== null);
  const [first, second] = tests;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (tests.length === 2) return (subject) => first(subject) && second(subject);
  return (subject) => tests.every((test) => test(subject));
}

function compileIds(ids: readonly string[]): Condition<StoredEvent> {
  const has = anyOf(ids);
  return has && (({ body }) => has(body.id));
}

function compileEventNames({ prefix, excludePrefix, name, excludeName }: Filter['event']): Condition<StoredEvent> {
  const startsWith = anyPrefix(prefix);
  const startsWithExcluded = anyPrefix(excludePrefix);
  const is = anyOf(name);
  const isExcluded = anyOf(excludeName);
  if (!startsWith && !startsWithExcluded && !is && !isExcluded) return null;
  const fits = all([startsWith, startsWithExcluded && not(startsWithExcluded), is, isExcluded && not(isExcluded)]);
  return ({ body }) => fits(body.event);
}

function compilePrimary(filter: Filter['resource']): Condition<StoredEvent> {
  const isId = onLabel(resourceIdLabel, anyOf(filter.id));
  const startsWith = onLabel(resourceIdLabel, anyPrefix(filter.idPrefix));
  const fitsLabels = compileLabels(filter.labels);
  // Without a condition the labels are not even decoded.
  if (!isId && !startsWith && !fitsLabels) return null;
  const fits = all([isId, startsWith, fitsLabels]);
  return ({ body }) => fits(body.resource);
}

function compileRelated(filter: RelatedFilter): Condition<StoredEvent> {
  const { resourcesInRoles: pairs } = filter;
  const fits = all<Labels>([
    onLabel(resourceIdLabel, anyOf(filter.id)),
    onLabel(resourceRoleLabel, anyOf(filter.role)),
    anyPair(pairs),
    compileLabels(filter.labels),
  ]);
  return ({ body }) => body.related.some(fits);
}

function anyPair(pairs: RelatedFilter['resourcesInRoles']): Condition<Labels> {
  if (pairs.length === 0) return null;
  const keyOf = (id: string, role: string): string => `${id.length} ${id}${role}`;
  const has = anyOf(pairs.map(([id, role]) => keyOf(id, role)));
  return has && ((labels) => has(keyOf(labels[resourceIdLabel] ?? '', labels[resourceRoleLabel] ?? '')));
}

function compileAnyResource(filter: AnyResourceFilter): Condition<StoredEvent> {
  const fitsId = all([
    onLabel(resourceIdLabel, anyOf(filter.id)),
    onLabel(resourceIdLabel, anyPrefix(filter.idPrefix)),
  ]);
  const fitsLabels = compileLabels(filter.labels) ?? (() => true);
  const fitsLabelsOfPrimary = compileLabels(filter.labels, '') ?? (() => true);
  return ({ body }) =>
    (fitsId(body.resource) && fitsLabelsOfPrimary(body.resource)) ||
    body.related.some((labels) => fitsId(labels) && fitsLabels(labels));
}

function compileText(text: Filter['text']): Condition<StoredEvent> {
  return text && (({ search }) => textFits(text, search));
}

/** The role of a primary resource is '', whatever its labels say. */
function compileLabels(labels: LabelPatterns, fixedRole?: string): Condition<Labels> {
  const names = Object.keys(labels);
  if (names.length === 0) return null;
  return all(
    names.map((label): Test<Labels> => {
      const fits = compilePatterns((labels[label] ?? []).map((pattern) => parsePattern(label, pattern)));
      if (label === resourceRoleLabel && fixedRole !== undefined) return () => fits(fixedRole);
      return (resource) => Object.hasOwn(resource, label) && fits(resource[label] ?? '');
    }),
  );
}

/** For the labels that every resource (of its kind) has. */
function onLabel(label: string, test: Condition<string>): Condition<Labels> {
  return test && ((labels) => test(labels[label] ?? ''));
}

function not<Subject>(test: Test<Subject>): Test<Subject> {
  return (subject) => !test(subject);
}

function relatedLists({ id, role, resourcesInRoles }: RelatedFilter): readonly (readonly string[])[] {
  return [id, role, resourcesInRoles.map((pair) => JSON.stringify(pair))];
}

function labelsKey(labels: LabelPatterns): unknown {
  return asSet(Object.keys(labels)).map((label) => [label, asSet(labels[label] ?? [])]);
}

/** Neither order nor repetition matters in any list of a filter. */
function asSet(values: readonly string[]): readonly string[] {
  if (values.length < 2) return values;
  return [...new Set(values)].sort();
}
