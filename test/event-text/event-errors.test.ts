/**
 * The errors of docs/prefect-facts.md, "Sending events", and the answers of the real model (fixtures/event-errors.json,
 * frozen from Prefect 3.8.8).
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ValidationIssue } from '../../schemas/validation-issue.ts';
import type { EventIssue } from '../../src/event-text/explain-event.ts';
import { readBatch, readMessage } from '../../src/event-text/read-events.ts';

const fixture = new URL('../fixtures/event-errors.json', import.meta.url);
const frozen: { event: unknown; issues: ValidationIssue[] }[] = JSON.parse(readFileSync(fixture, 'utf8'));

const resource = { 'prefect.resource.id': 'r' };
const relatedResource = { ...resource, 'prefect.resource.role': 'x' };
const id = '00000000-0000-4000-8000-000000000001';
const good = { occurred: '2026-11-22T00:00:00Z', event: 'e', resource, id };

function labels(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index}`, 'v']));
}

function shown({ type, loc, msg, inputJson, ctx }: EventIssue): ValidationIssue {
  const issue = { type, loc, msg, input: JSON.parse(inputJson) };
  return ctx ? { ...issue, ctx } : issue;
}

function refusal(body: string | Buffer, isJson = true) {
  const read = readBatch(Buffer.from(body), isJson);
  if (read.ok) throw new Error('The body was accepted');
  return { issues: read.issues.map(shown), requestBody: JSON.parse(read.requestBodyJson) };
}

function issuesOf(change: object): ValidationIssue[] {
  return refusal(JSON.stringify([{ ...good, ...change }])).issues;
}

function eventOf(change: object) {
  const read = readBatch(Buffer.from(JSON.stringify([{ ...good, ...change }])), true);
  if (!read.ok) throw new Error(JSON.stringify(read.issues));
  return read.events[0];
}

function valueError(loc: (string | number)[], sentence: string) {
  return [
    expect.objectContaining({
      type: 'value_error',
      loc: ['body', 0, ...loc],
      msg: `Value error, ${sentence}`,
      ctx: { error: {} },
    }),
  ];
}

describe('the errors of an event', () => {
  it.each(frozen.map((row) => ({ ...row, text: JSON.stringify(row.event) })))(
    'are those of the real model: $text',
    ({ text, issues }) => {
      const read = readBatch(Buffer.from(`[${text}]`), true);
      const found = read.ok ? [] : read.issues.map(shown);
      expect(found).toEqual(issues.map((issue) => ({ ...issue, loc: ['body', ...issue.loc] })));
    },
  );

  it('name too many labels, the id among them, and no 500', () => {
    const sentence = 'The maximum number of labels per resource is 500';
    expect(issuesOf({ resource: { ...resource, ...labels(500) } })).toEqual(valueError(['resource'], sentence));
    expect(issuesOf({ related: [{ ...relatedResource, ...labels(499) }] })).toEqual(
      valueError(['related', 0], sentence),
    );
    expect(
      eventOf({ resource: { ...resource, ...labels(499) }, related: [{ ...relatedResource, ...labels(498) }] }),
    ).toBeDefined();
  });

  it('name too many related resources, if each is good', () => {
    const hundred = Array.from({ length: 100 }, () => relatedResource);
    const sentence = 'The maximum number of related resources is 100';
    expect(issuesOf({ related: [...hundred, relatedResource] })).toEqual(valueError(['related'], sentence));
    expect(issuesOf({ related: [...hundred, {}] })).toEqual(
      valueError(['related', 100], 'Resources must include the prefect.resource.id label'),
    );
    expect(eventOf({ related: hundred })).toBeDefined();
  });

  it('count a name in characters', () => {
    const sentence = 'Event name must be at most 1024 characters';
    expect(issuesOf({ event: 'x'.repeat(1025) })).toEqual(valueError(['event'], sentence));
    expect(issuesOf({ event: '😀'.repeat(1025) })).toEqual(valueError(['event'], sentence));
    expect(eventOf({ event: '😀'.repeat(1024) })).toBeDefined();
    expect(eventOf({ event: '' })).toBeDefined();
  });

  it('name a lone surrogate in a name or a label, key or value; a payload keeps it', () => {
    const type = 'string_unicode';
    expect(issuesOf({ event: 'a\ud800' })).toMatchObject([{ type, loc: ['body', 0, 'event'] }]);
    expect(issuesOf({ resource: { ...resource, n: '\udfff' } })).toMatchObject([
      { type, loc: ['body', 0, 'resource', 'n'] },
    ]);
    expect(issuesOf({ related: [{ ...relatedResource, '\ud800': 'n' }] })).toMatchObject([
      { type, loc: ['body', 0, 'related', 0, '\ud800', '[key]'] },
    ]);
    expect(eventOf({ event: '\ud83d\ude00', payload: { k: '\ud800' } })?.open).toContain('"payload":{"k":"\\ud800"}');
  });

  it('name a payload of more than 1000 levels', () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    const body = (payload: string) => JSON.stringify([good]).replace('}]', `,"payload":${payload}}]`);
    const read = readBatch(Buffer.from(body(nested(1001))), true);
    expect(read.ok ? [] : read.issues.map(({ loc, msg }) => ({ loc, msg }))).toEqual([
      { loc: ['body', 0, 'payload'], msg: 'Value error, The payload must not be nested deeper than 1000 levels' },
    ]);
    expect(readBatch(Buffer.from(body(nested(1000))), true).ok).toBe(true);
  });

  it('take any depth of text, and say so where it is not read', () => {
    for (const levels of [9_000, 1_000_000]) {
      const read = readBatch(Buffer.from('['.repeat(levels) + ']'.repeat(levels)), true);
      expect(read.ok ? [] : read.issues.map(({ type }) => type)).toEqual([
        levels > 10_000 ? 'json_invalid' : 'model_attributes_type',
      ]);
      expect(readMessage(Buffer.from('['.repeat(levels) + ']'.repeat(levels))).ok).toBe(false);
      expect(readMessage(Buffer.from('{"a":'.repeat(levels))).ok).toBe(false);
    }
  });

  it('name an event of more than 1,500,000 bytes as JSON, and no smaller one', () => {
    const size = Buffer.byteLength(eventOf({ payload: { k: '' } })?.open ?? '') + 1;
    expect(eventOf({ payload: { k: 'é'.repeat((1_500_000 - size) / 2) } })).toBeDefined();
    expect(issuesOf({ payload: { k: 'x'.repeat(1_500_001 - size) } })).toEqual(
      valueError([], `The event ${id} is larger than 1500000 bytes as JSON`),
    );
  });

  it('come for all events of a batch, and show what was sent', () => {
    const body = `[{"id":1.0}, 5 ,${JSON.stringify(good)}]`;
    const read = readBatch(Buffer.from(body), true);
    if (read.ok) throw new Error('The body was accepted');
    expect(read.issues.map(({ loc, inputJson }) => [loc.join('.'), inputJson])).toEqual([
      ['body.0.occurred', '{"id":1.0}'],
      ['body.0.event', '{"id":1.0}'],
      ['body.0.resource', '{"id":1.0}'],
      ['body.0.id', '1.0'],
      ['body.1', '5'],
    ]);
    expect(read.requestBodyJson).toBe(`[{"id":1.0},5,${JSON.stringify(good)}]`);
  });

  it('end at a thousand', () => {
    expect(refusal(JSON.stringify(Array.from({ length: 1200 }, () => 5))).issues).toHaveLength(1000);
  });
});

describe('the errors of a body', () => {
  const missing = {
    issues: [{ type: 'missing', loc: ['body'], msg: 'Field required', input: null }],
    requestBody: null,
  };
  const listType = (input: unknown) => ({
    issues: [{ type: 'list_type', loc: ['body'], msg: 'Input should be a valid list', input }],
    requestBody: input,
  });

  it('are those of Prefect for no list, no JSON, nothing and null', () => {
    expect(refusal('{"a": 1}')).toEqual(listType({ a: 1 }));
    expect(refusal('"x"')).toEqual(listType('x'));
    expect(refusal('')).toEqual(missing);
    expect(refusal(' null ')).toEqual(missing);
    expect(refusal('{nope')).toEqual({
      issues: [
        {
          type: 'json_invalid',
          loc: ['body', 1],
          msg: 'JSON decode error',
          input: {},
          ctx: { error: expect.stringContaining('Expected property name') },
        },
      ],
      requestBody: '{nope',
    });
    expect(refusal('[NaN]').issues).toMatchObject([{ type: 'json_invalid', ctx: { error: "Unexpected token 'N'" } }]);
  });

  it('name the place of what is no JSON where the parser tells it, in a list of any size', () => {
    for (const broken of ['{"a":5,}', '[1 2]', '{"a":"\\q"}']) {
      const placeBehind = (padding: number): number => {
        const before = `[${JSON.stringify({ ...good, payload: { p: 'é'.repeat(padding) } })},`;
        const [told] = refusal(`${before}${broken}]`).issues;
        expect([broken, told?.type]).toEqual([broken, 'json_invalid']);
        return Number(told?.loc[1]) - before.length;
      };
      expect([broken, placeBehind(70_000)]).toEqual([broken, placeBehind(0)]);
      expect(placeBehind(0)).toBeGreaterThan(0);
    }
  });

  it('take a body of another content type as one string', () => {
    expect(refusal('[]', false)).toEqual(listType('[]'));
    expect(refusal('', false)).toEqual(missing);
  });

  it('name bytes that are no UTF-8', () => {
    expect(refusal(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])).issues).toMatchObject([
      { type: 'json_invalid', ctx: { error: 'The body is not UTF-8' } },
    ]);
  });

  it('are none for an empty list', () => {
    expect(readBatch(Buffer.from(' [ ] '), true)).toEqual({ ok: true, events: [] });
  });
});

describe('a bad message', () => {
  it.each([
    ['{nope', 'badText', /^The message is not JSON: /],
    ['', 'badText', /^The message is not JSON: /],
    ['[]', 'badEvent', /^Input should be a valid dictionary/],
    ['{"type":"auth","token":null}', 'badEvent', /^occurred: Field required \(and 3 more\)$/],
    [
      JSON.stringify({ ...good, id: 'nope' }),
      'badEvent',
      /^id: Input should be a valid UUID, invalid character: found `n` at 0$/,
    ],
  ])('%s is refused as %s', (text, failure, reason) => {
    expect(readMessage(Buffer.from(text))).toEqual({ ok: false, failure, reason: expect.stringMatching(reason) });
  });

  it('that is no object is refused in the same words whatever its size, alone and in a list', () => {
    for (const [small, large] of [
      ['"x"', JSON.stringify('x'.repeat(100_000))],
      ['[1]', `[${'1,'.repeat(50_000)}1]`],
    ] as const) {
      expect(readMessage(Buffer.from(large))).toEqual(readMessage(Buffer.from(small)));
      const [ofSmall, ofLarge] = [small, large].map((text) => refusal(`[${JSON.stringify(good)},${text}]`).issues);
      expect(ofLarge?.map(({ type, loc, msg }) => [type, loc, msg])).toEqual(
        ofSmall?.map(({ type, loc, msg }) => [type, loc, msg]),
      );
    }
  });

  it('that is no UTF-8 is refused as bad text', () => {
    expect(readMessage(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toMatchObject({ ok: false, failure: 'badText' });
  });
});
