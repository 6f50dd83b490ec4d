/**
 * What the outputs of the command line make of an event: nothing of it moves a cursor, becomes a formula, or changes
 * its numbers.
 */
import fc from 'fast-check';
import colors from 'picocolors';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { bar, sparkline } from '../../cli/out/bars.ts';
import { indented } from '../../cli/out/indented.ts';
import { compileTemplate } from '../../cli/out/template.ts';
import { cutTo, textLine } from '../../cli/out/text-line.ts';
import { fittingWidth, readWidth } from '../../cli/run/bucket-width.ts';
import { csvLine } from '../../client/src/csv-line.ts';
import { rawFields } from '../../client/src/raw-fields.ts';
import { ShownEvent } from '../../client/src/shown-event.ts';
import { visible } from '../../client/src/visible.ts';

const plain = colors.createColors(false);
const shown = (more: object = {}): ShownEvent =>
  new ShownEvent(
    JSON.stringify({
      occurred: '2026-11-29T08:30:00.123456Z',
      event: 'door.opened',
      resource: { 'prefect.resource.id': 'door.7', region: 'eu', note: 'two words' },
      related: [],
      payload: { by: 'ann', deep: { n: 1 } },
      id: '0b5f3cde-7a52-4f8b-9a5a-6f0a4c0f2d11',
      follows: null,
      received: '2026-11-29T08:30:01Z',
      ...more,
    }),
  );

describe('a line of text', () => {
  it('has time, name, resource, labels and payload, two blanks between', () => {
    expect(textLine(shown(), plain, null)).toBe(
      '2026-11-29T08:30:00.123Z  door.opened  door.7  region=eu note="two words"  {"by":"ann","deep":{"n":1}}',
    );
  });

  it('is never wider than the terminal, and shows control characters, whatever the event holds', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(text, text, text, fc.integer({ min: 1, max: 120 }), (name, label, payload, columns) => {
        const event = shown({
          event: name,
          resource: { 'prefect.resource.id': label, [name]: label },
          payload: { payload },
        });
        expect(textLine(event, plain, null)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
        expect(stringWidth(textLine(event, plain, columns))).toBeLessThanOrEqual(columns);
      }),
      { numRuns: 50 },
    );
  });

  it('shows an escape sequence as it would be written', () => {
    expect(visible('\u001b[31mred\u009b1m \u202e\n')).toBe('\\u001b[31mred\\u009b1m \\u202e\\u000a');
  });

  it.each([
    ['日本語日本語', 7, '日本語…'],
    ['plain', 5, 'plain'],
    ['plain', 4, 'pla…'],
  ])('is cut by what a terminal shows: %s in %i columns', (text, columns, cut) => {
    expect(cutTo(text, columns)).toBe(cut);
  });
});

describe('the fields of a text', () => {
  it('are its own bytes', () => {
    const fields = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.jsonValue());
    fc.assert(
      fc.property(fields, (value) => {
        const expected = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, JSON.stringify(inner)]));
        expect({ ...rawFields(JSON.stringify(value)) }).toEqual(expected);
        expect({ ...rawFields(JSON.stringify(value, null, 1)) }).toEqual(expected);
      }),
    );
    expect(rawFields('{"payload":{"n":1.0,"m":1e400},"id":null}')).toEqual({
      payload: '{"n":1.0,"m":1e400}',
      id: 'null',
    });
  });

  it('keep their numbers where they are indented', () => {
    expect(indented('{"a":[1.0,{"b":"x:{,}"}],"c":{},"d":[]}')).toBe(
      '{\n  "a": [\n    1.0,\n    {\n      "b": "x:{,}"\n    }\n  ],\n  "c": {},\n  "d": []\n}',
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(indented(JSON.stringify(value)).replace(/\n/g, '')).toBe(
          visible(JSON.stringify(value, null, 2).replace(/\n/g, '')),
        );
      }),
    );
  });
});

describe('a record of CSV', () => {
  it('is quoted, and no formula', () => {
    expect(csvLine(shown({ event: '=1+1', related: [{ a: 'b' }], payload: { n: 'a,"b"' } }))).toBe(
      "2026-11-29T08:30:00.123456Z,2026-11-29T08:30:01Z,0b5f3cde-7a52-4f8b-9a5a-6f0a4c0f2d11,'=1+1,door.7," +
        '"{""region"":""eu"",""note"":""two words""}","[{""a"":""b""}]","{""n"":""a,\\""b\\""""}"',
    );
  });
});

describe('a template', () => {
  it.each([
    ['{event} {resource.id} {label[region]}|{label[none]}|', 'door.opened door.7 eu||'],
    ['{payload.by} {payload.deep} {payload.deep.n} {payload.none.x}', 'ann {"n":1} 1 '],
    ['{{x}}\\t\\n\\\\', '{x}\t\n\\'],
    ['{received}', '2026-11-29T08:30:01Z'],
  ])('is filled in: %s', (template, line) => {
    expect(compileTemplate(template)(shown())).toBe(line);
  });

  it('is told what it may hold', () => {
    expect(() => compileTemplate('{nope}')).toThrow('no field {nope}');
    expect(() => compileTemplate('a { b')).toThrow('has no other');
  });
});

describe('numbers as pictures', () => {
  it('have bars in eighths, never none for what is there', () => {
    const full = '█'.repeat(10);
    expect([bar(0, 10, 10), bar(1, 1000, 10), bar(5, 10, 10), bar(10, 10, 10)]).toEqual(['', '▏', '█████', full]);
  });

  it('have a sparkline as wide as there is room', () => {
    expect(sparkline([0, 1, 2, 4, 8], 80)).toBe(' ▁▂▄█');
    expect(sparkline([0, 1, 2, 4, 8, 8], 3)).toBe('▁▄█');
  });

  it('have buckets that fit the window', () => {
    expect(fittingWidth(3_600_000)).toEqual({ unit: 'minute', interval: 1 });
    expect(fittingWidth(86_400_000)).toEqual({ unit: 'hour', interval: 1 });
    expect(readWidth('10m')).toEqual({ unit: 'minute', interval: 10 });
    expect(() => readWidth('often')).toThrow('--by must be');
  });
});
