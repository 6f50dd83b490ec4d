/**
 * A large event with no more of its values than its check needs: its payload is made of nothing, and what cannot be a
 * field of an event is not made at all. Its text is JSON already (check-json.ts).
 */
import { labelsMax } from '../../schemas/event.ts';
import type { Span } from './json-scanner.ts';
import { membersOf } from './rewrite-json.ts';
import type { FieldSpans } from './scan-event.ts';

/**
 * What JSON.parse would make of the fields in `text`, as far as it matters to the check: null is of no field's type,
 * save that `follows` may be it.
 */
export function sparseEvent(text: string, spans: FieldSpans): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const field of ['occurred', 'event', 'id', 'follows'] as const) {
    const span = spans[field];
    if (span !== null) value[field] = span.depth === 0 ? parsed(text, span) : [];
  }
  const { resource, related, payload } = spans;
  if (resource !== null) value['resource'] = resource.depth === 1 ? labelsOf(text, resource) : null;
  if (related !== null) value['related'] = related.depth <= 2 ? parsed(text, related) : null;
  if (payload !== null) value['payload'] = text.charCodeAt(payload.start) === 0x7b ? {} : null;
  return value;
}

/** A key may be repeated; of very many different ones no value is made. */
function labelsOf(text: string, span: Span): unknown {
  if (span.keys <= manyKeys) return parsed(text, span);
  const labels = new Map<string | number, string>();
  for (const [label, json] of membersOf(text.slice(span.start, span.end))) {
    labels.set(label, json);
    if (labels.size > labelsMax) return null;
  }
  return JSON.parse(`{${[...labels].map(([label, json]) => `${JSON.stringify(label)}:${json}`).join(',')}}`);
}

const manyKeys = 4 * labelsMax;

function parsed(text: string, { start, end }: Span): unknown {
  return JSON.parse(text.slice(start, end));
}
