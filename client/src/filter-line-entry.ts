/**
 * One entry of `related:` or `any:`, as `ID&role=r&key=value`: its parts are ANDed, the same part again is ORed.
 */
import { FilterLineError } from './filter-line-error.ts';
import type { LineEntry } from './filter-line-types.ts';

type Kind = 'related' | 'any';

/** Of `any:`, where the API has no field for it. */
const roleLabel = 'prefect.resource.role';

/** Throws FilterLineError. */
export function readEntry(kind: Kind, value: string): LineEntry {
  const ids: string[] = [];
  const prefixes: string[] = [];
  const roles: string[] = [];
  const labels = new Map<string, string[]>();
  for (const part of value.split('&')) {
    const equals = part.indexOf('=');
    const key = part.slice(0, Math.max(0, equals));
    if (part === '' || equals === 0) throw new FilterLineError(`${kind}:${value} has an empty part beside an "&".`);
    if (equals < 0) addId(kind, part, ids, prefixes);
    else if (kind === 'related' && key === 'role') roles.push(part.slice(equals + 1));
    else addTo(labels, key === 'role' ? roleLabel : key, part.slice(equals + 1));
  }
  if (ids.length > 0 && prefixes.length > 0) {
    throw new FilterLineError(`${kind}:${value} cannot be said: the API would want both an id and a beginning.`);
  }
  return {
    ...(ids.length > 0 && { id: ids }),
    ...(prefixes.length > 0 && { id_prefix: prefixes }),
    ...(roles.length > 0 && { role: roles }),
    ...(labels.size > 0 && { labels: Object.fromEntries(labels) }),
  };
}

function addId(kind: Kind, part: string, ids: string[], prefixes: string[]): void {
  const star = part.indexOf('*');
  if (star < 0) return void ids.push(part);
  if (kind === 'related') {
    throw new FilterLineError(
      `related:${part} cannot be said: the API takes whole ids there; any:${part} can be said.`,
    );
  }
  if (star === 0 || star < part.length - 1) {
    throw new FilterLineError(`any:${part} cannot be said: a star can only stand at the end of an id.`);
  }
  prefixes.push(part.slice(0, star));
}

function addTo(labels: Map<string, string[]>, key: string, value: string): void {
  const values = labels.get(key);
  if (values === undefined) labels.set(key, [value]);
  else values.push(value);
}

/** What stands behind `related:` or `any:`; for an entry that no line says, text that is read as another one. */
export function entryText(kind: Kind, entry: LineEntry): string {
  const roleKey = (key: string): string => (kind === 'any' && key === roleLabel ? 'role' : key);
  return [
    ...(entry.id ?? []),
    ...(entry.id_prefix ?? []).map((prefix) => `${prefix}*`),
    ...(entry.role ?? []).map((role) => `role=${role}`),
    ...Object.entries(entry.labels ?? {}).flatMap(([key, values]) => values.map((value) => `${roleKey(key)}=${value}`)),
  ].join('&');
}
