/**
 * What the case `forms` sends: each form is the plain event in another form and nothing else, and a text that is sent
 * again is another event.
 */
import { expect, test } from 'vitest';
import { PlainReader } from '../../src/event-text/plain-event.ts';
import { readMessage } from '../../src/event-text/read-events.ts';
import { readCorpus } from '../../support/corpus/corpus.ts';
import { eventForms } from './event-forms.ts';
import { freshText, writeFresh } from './fresh-text.ts';

const forms = eventForms();
const isOfPlain = ({ base }: { base: string }): boolean => base === 'plain';

test('the forms of the plain event differ in their text, and mean an event of the same fields', () => {
  const texts = forms.filter(isOfPlain).map((form) => String(form.texts()[0]));
  expect(new Set(texts).size).toBe(texts.length);
  expect(texts.length).toBeGreaterThan(6);
  for (const text of texts) {
    expect(readMessage(Buffer.from(text)).ok).toBe(true);
    const { occurred, payload, ...rest } = JSON.parse(text);
    const plain = JSON.parse(texts[0] ?? '');
    expect(rest).toEqual({ event: plain.event, resource: plain.resource, related: plain.related, id: plain.id });
    expect(Math.abs(Date.parse(occurred) - Date.parse(plain.occurred))).toBe(0);
    expect(Object.keys(payload)).toEqual(Object.keys(plain.payload));
  }
});

test('the plain form is plain', () => {
  const [plain] = forms.find(({ name }) => name === 'plain')?.texts() ?? [];
  expect(new PlainReader().readMessage(plain ?? Buffer.alloc(0))).not.toBeNull();
});

test('law: each text of the corpus can be sent again as another event of the present minute', () => {
  const idPrefix = '0f0e0d0c-0b0a-4908-8706-';
  for (const { text } of readCorpus().texts) {
    const sent = Buffer.alloc(text.length);
    writeFresh(sent, 0, freshText(text), idPrefix, 0xabc);
    const [before, after] = [JSON.parse(String(text)), JSON.parse(String(sent))];
    expect(after.id).toBe(`${idPrefix}000000000abc`);
    const occurredMs = typeof after.occurred === 'number' ? after.occurred * 1000 : Date.parse(after.occurred);
    expect(Math.abs(occurredMs - Date.now())).toBeLessThan(120_000);
    expect({ ...after, id: null, occurred: null }).toEqual({ ...before, id: null, occurred: null });
  }
});
