/**
 * Redaction as a law, beside a slow redactor that shares nothing with it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRedaction } from '../../src/event-text/redaction-rules.ts';
import { createRedactor } from '../../src/event-text/redactor.ts';
import { rewriteJson } from '../../src/event-text/rewrite-json.ts';
import { jsonObjectText, readTree, writeTree } from './arbitrary-json.ts';
import { patternsOf, redactionKeys, redactionRules, redactTree, writtenRule } from './slow-redactor.ts';

const labels = fc
  .dictionary(fc.constantFrom(...redactionKeys), fc.string({ maxLength: 3 }), { maxKeys: 4 })
  .map((one) => JSON.stringify(one));
/** As an event has them, with fields before and behind that say the same and stay. */
const event = fc
  .tuple(labels, fc.array(labels, { maxLength: 3 }), jsonObjectText)
  .map(([resource, related, payload]) => {
    const fields = `"resource":${resource},"related":[${related.join(',')}],"payload":${payload}`;
    return rewriteJson(`{"occurred":"2026-11-22T10:00:00Z","event":"a",${fields},"id":"a","follows":null}`);
  });

describe('redaction', () => {
  it('does to a text what a slow redactor does, and changes nothing else', () => {
    let redacted = 0;
    fc.assert(
      fc.property(redactionRules, event, (said, text) => {
        const parsed = parseRedaction(said.map(writtenRule).join(', '));
        const redactor = parsed === null ? null : createRedactor(parsed);
        if (redactor === null) throw new Error(said.map(writtenRule).join(', '));
        const wanted = redactTree(readTree(text), said.flatMap(patternsOf));
        const found = redactor.redact(text);
        redacted += found?.values ?? 0;
        expect(found).toEqual(wanted.values === 0 ? null : { text: writeTree(wanted.tree), values: wanted.values });
      }),
      { numRuns: 1_000 },
    );
    expect(redacted).toBeGreaterThan(300);
  });

  it('may find something in a body wherever a key of its rules stands in it, in whatever form, and else nowhere', () => {
    const anyName = fc.string({
      unit: fc.constantFrom(...'ab$()*+.?[\\]^{|}-/"é😀ÿ\u0080 '),
      minLength: 1,
      maxLength: 5,
    });
    let unfound = 0;
    fc.assert(
      fc.property(fc.array(anyName, { minLength: 1, maxLength: 4 }), anyName, fc.nat(), (names, other, nth) => {
        const rules = names.map((name) => writtenRule({ path: ['**', { name }] })).join(',');
        const redactor = createRedactor(parseRedaction(rules) ?? []);
        if (redactor === null) throw new Error(rules);
        const mayFind = (key: string): boolean => redactor.mayFind(Buffer.from(`{"payload":{${key}:1}}`));
        const key = JSON.stringify(names[nth % names.length]);
        expect(mayFind(key)).toBe(true);
        expect(mayFind(`"\\u${(names[0] ?? '').charCodeAt(0).toString(16).padStart(4, '0')}"`)).toBe(true);
        const haveOneForm = names.every((name) => !name.includes('/') && JSON.stringify(name) === `"${name}"`);
        if (!haveOneForm || names.includes(other) || other.includes('"')) return;
        expect(mayFind(JSON.stringify(other))).toBe(false);
        unfound += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(unfound).toBeGreaterThan(100);
  });

  it('goes as deep as a payload may', () => {
    const depth = 1_000;
    const deep = (value: string): string =>
      `{"payload":${'{"a":['.repeat(depth / 2)}${value}${']}'.repeat(depth / 2)}}`;
    const redactor = createRedactor(parseRedaction('payload:**.password') ?? []);
    expect(redactor?.redact(deep('{"password":[1]}'))).toEqual({ text: deep('{"password":"***"}'), values: 1 });
    expect(redactor?.redact(deep('"password"'))).toBe(null);
  });

  it.each([
    '',
    'label:',
    'payload:',
    'payload:a..b',
    'payload:.a',
    'payload:a.',
    'payload:**',
    'payload:a.**',
    'other:a',
    'password',
    'label:a,',
    `payload:${'a.'.repeat(32)}b`,
    Array.from({ length: 101 }, (_, nth) => `label:${nth}`).join(','),
  ])('is not told by %j', (text) => {
    expect(parseRedaction(text)).toBe(null);
  });

  it('refuses rules that would make too large a machine, and makes one of many plain ones', () => {
    const branching = `payload:**.a${'.*'.repeat(20)}.b`;
    expect(createRedactor(parseRedaction(branching) ?? [])).toBe(null);
    const many = Array.from({ length: 100 }, (_, nth) => `payload:**.secret${nth}`).join(',');
    expect(createRedactor(parseRedaction(many) ?? [])).not.toBe(null);
  });
});
