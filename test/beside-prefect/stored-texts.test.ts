/** The events of an answer as their very texts, whatever stands in their payloads. */
import { expect, it } from 'vitest';
import { eventTexts, idOf } from './stored-texts.ts';

const id = '01a22373-1236-70d7-bf5d-84b37993a845';
const event = (payload: string): string =>
  `{"occurred":"2026-11-29T00:00:00Z","payload":${payload},"id":"${id}","follows":null`;
const payloads = [
  '{}',
  '{"a":"}\\"{"}',
  '{"triggering_event":{"occurred":"x","received":"y"},"n":1.0}',
  '{"t":"\\\\"}',
];
const texts = payloads.map(event);
const whole = texts.map((text) => `${text},"received":"2026-11-29T00:00:01Z"}`);

it('is cut out of a page', () => {
  expect(eventTexts(`{"events":[${whole.join(',')}],"total":4,"next_page":null}`)).toEqual(texts);
  expect(eventTexts('{"events":[],"total":0,"next_page":null}')).toEqual([]);
  expect(eventTexts('[{"value":"0"}]')).toEqual([]);
});

it('is cut out of the lines of an export', () => {
  expect(eventTexts(`${whole.join('\n')}\n`)).toEqual(texts);
  expect(texts.map(idOf)).toEqual(texts.map(() => id));
});
