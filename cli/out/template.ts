/**
 * A template of a line: `{occurred} {received} {event} {id} {resource.id} {label[any.name]} {payload.a.b} {json}`, `{{`
 * and `}}` for braces, `\n` and `\t`. What an event does not have is empty.
 */

import type { ShownEvent } from '../../client/src/shown-event.ts';
import { visible } from '../../client/src/visible.ts';
import { UsageError } from '../exit-codes.ts';

type Part = (event: ShownEvent) => string;

/** Throws UsageError for a field that there is not, and for a brace that is not closed. */
export function compileTemplate(template: string): Part {
  const parts: Part[] = [];
  const tokens = /\{\{|\}\}|\\n|\\t|\\\\|\{([^{}]*)\}|[{}]|[^{}\\]+|\\/gy;
  for (const [token, field] of template.matchAll(tokens)) {
    if (field !== undefined) parts.push(fieldPart(field));
    else if (token === '{' || token === '}') {
      throw new UsageError(
        `A "${token}" of the template has no other: write "${token}${token}" for one that is shown.`,
      );
    } else parts.push(() => literals[token] ?? token);
  }
  return (event) => parts.map((part) => part(event)).join('');
}

const literals: Readonly<Record<string, string>> = { '{{': '{', '}}': '}', '\\n': '\n', '\\t': '\t', '\\\\': '\\' };

function fieldPart(field: string): Part {
  const [, label] = /^label\[(.+)\]$/s.exec(field) ?? [];
  if (label !== undefined) return ({ parsed }) => visible(parsed.resource[label] ?? '');
  const [, path] = /^payload\.(.+)$/s.exec(field) ?? [];
  if (path !== undefined) return ({ parsed }) => visible(textAt(parsed.payload, path.split('.')));
  switch (field) {
    case 'occurred':
    case 'received':
    case 'event':
    case 'id':
    case 'follows':
      return ({ parsed }) => visible(String(parsed[field] ?? ''));
    case 'resource.id':
      return ({ resourceId }) => visible(resourceId);
    case 'payload':
      return ({ payload }) => visible(payload);
    case 'json':
      return ({ text }) => visible(text);
    default:
      throw new UsageError(
        `The template has no field {${field}}: there are {occurred} {received} {event} {id} {follows} {resource.id} ` +
          '{label[name]} {payload} {payload.a.b} {json}.',
      );
  }
}

function textAt(value: unknown, path: readonly string[]): string {
  let at: unknown = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return '';
    at = (at as Record<string, unknown>)[key]; // just seen to have it
  }
  return typeof at === 'string' ? at : (JSON.stringify(at) ?? '');
}
