/**
 * A large event with no more of its values than its canonical text needs: none of its payload is made. Its text is JSON
 * (check-json.ts), and an event (explain-event.ts).
 */
import type { ParsedEvent } from './canonical.ts';
import type { FieldSpans } from './scan-event.ts';

/** What JSON.parse would make of the fields in `text`, save the payload. */
export function sparseEvent(text: string, spans: FieldSpans): ParsedEvent {
  const value: Record<string, unknown> = {};
  for (const field of ['occurred', 'event', 'resource', 'related', 'id', 'follows'] as const) {
    const span = spans[field];
    if (span !== null) value[field] = JSON.parse(text.slice(span.start, span.end));
  }
  return value as unknown as ParsedEvent; // `isEventSteps` has said so
}
