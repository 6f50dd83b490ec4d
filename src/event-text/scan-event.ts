/**
 * Where the fields of an event stand in its text.
 */
import type { JsonScanner, Span } from './json-scanner.ts';

/** Passes one event in the text and notes its fields; of a repeated one the last. */
export function scanEvent(scanner: JsonScanner): FieldSpans {
  const spans: FieldSpans = {
    isObject: scanner.peek() === 0x7b,
    occurred: null,
    id: null,
    follows: null,
    event: null,
    resource: null,
    related: null,
    payload: null,
  };
  if (!spans.isObject) {
    scanner.value('nothing');
    return spans;
  }
  scanner.at += 1;
  while (scanner.peek() === 0x22) {
    const key = scanner.string();
    if (scanner.peek() === 0x3a) scanner.at += 1;
    switch (key) {
      case 'occurred':
      case 'event':
      case 'id':
      case 'follows':
        spans[key] = scanner.value('nothing');
        break;
      // What is of another type is refused: nothing of it is wanted.
      case 'resource':
        spans.resource = scanner.value(scanner.peek() === 0x7b ? 'values' : 'nothing');
        break;
      case 'related':
        spans.related = scanner.value(scanner.peek() === 0x5b ? 'values' : 'nothing');
        break;
      case 'payload':
        spans.payload = scanner.value(scanner.peek() === 0x7b ? 'all' : 'nothing');
        break;
      default:
        scanner.value('nothing');
    }
    if (scanner.peek() === 0x2c) scanner.at += 1;
  }
  scanner.at += 1;
  return spans;
}

/** Where the fields stand; null for what is not there. */
export interface FieldSpans {
  /** False where no object stands. */
  readonly isObject: boolean;
  occurred: Span | null;
  id: Span | null;
  follows: Span | null;
  event: Span | null;
  resource: Span | null;
  related: Span | null;
  payload: Span | null;
}
