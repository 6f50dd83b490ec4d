/**
 * Redaction as a law, beside a slow redactor that shares nothing with it: it turns each rule into a regular expression
 * over whole paths.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRedaction } from '../../src/event-text/redaction-rules.ts';
import { createRedactor } from '../../src/event-text/redactor.ts';
import { rewriteJson } from '../../src/event-text/rewrite-json.ts';
import { jsonObjectText, readTree, type Tree, writeTree } from './arbitrary-json.ts';

/** A step of a path: a name, or what stands for several. */
type Step = { readonly name: string } | '*' | '**';
type Rule = { readonly label: string } | { readonly path: readonly Step[] };

const keys = [
  'a',
  'b',
  '2',
  '1',
  '10',
  '-1',
  '__proto__',
  'toString',
  'A',
  '\u001f',
  'é',
  '"',
  '\\',
  ' ',
  'a.b',
  '*',
  ',',
];
const name = fc.constantFrom(...keys).map((text) => ({ name: text }));
const step = fc.oneof({ weight: 3, arbitrary: name }, fc.constantFrom('*' as const, '**' as const));
const path = fc.tuple(fc.array(step, { maxLength: 4 }), fc.oneof(name, fc.constant('*' as const)));
const rule: fc.Arbitrary<Rule> = fc.oneof(
  fc.constantFrom(...keys).map((label) => ({ label })),
  path.map(([steps, last]) => ({ path: [...steps, last] })),
);
const rules = fc.array(rule, { minLength: 1, maxLength: 4 });
const labels = fc
  .dictionary(fc.constantFrom(...keys), fc.string({ maxLength: 3 }), { maxKeys: 4 })
  .map((one) => JSON.stringify(one));
/** As an event has them, with fields before and behind that say the same and stay. */
const event = fc
  .tuple(labels, fc.array(labels, { maxLength: 3 }), jsonObjectText)
  .map(([resource, related, payload]) => {
    const fields = `"resource":${resource},"related":[${related.join(',')}],"payload":${payload}`;
    return rewriteJson(`{"occurred":"2026-11-22T10:00:00Z","event":"a",${fields},"id":"a","follows":null}`);
  });

/** As an operator writes it: a backslash before what would mean something else. */
function written(one: Rule): string {
  const escaped = (text: string): string => text.replaceAll(/[\\,.* ]/g, '\\$&');
  if ('label' in one) return `label:${escaped(one.label)}`;
  return `payload:${one.path.map((each) => (typeof each === 'string' ? each : escaped(each.name))).join('.')}`;
}

/** Over a path of which each key is written as JSON, with a slash behind it that stands in no such text by itself. */
function patternsOf(one: Rule): RegExp[] {
  const end = '\n';
  const exactly = (text: string): string => `${JSON.stringify(text).replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')}${end}`;
  const any = `[^${end}]*${end}`;
  const whole = (...parts: string[]): RegExp => new RegExp(`^${parts.join('')}$`, 's');
  if ('label' in one) {
    return [whole(exactly('resource'), exactly(one.label)), whole(exactly('related'), any, exactly(one.label))];
  }
  const parts = one.path.map((each) => (each === '*' ? any : each === '**' ? `(?:${any})*` : exactly(each.name)));
  return [whole(exactly('payload'), ...parts)];
}

function redactTree(tree: Tree, patterns: readonly RegExp[], at = ''): { tree: Tree; values: number } {
  if (at !== '' && patterns.some((pattern) => pattern.test(at))) {
    return { tree: { kind: 'string', value: '***' }, values: 1 };
  }
  let values = 0;
  const within = (value: Tree, key: string): Tree => {
    const done = redactTree(value, patterns, `${at}${JSON.stringify(key)}\n`);
    values += done.values;
    return done.tree;
  };
  if (tree.kind === 'object') {
    const members = tree.members.map(([key, value]): [string, Tree] => [key, within(value, key)]);
    return { tree: { kind: 'object', members }, values };
  }
  if (tree.kind === 'array') {
    const items = tree.items.map((item, index) => within(item, String(index)));
    return { tree: { kind: 'array', items }, values };
  }
  return { tree, values };
}

describe('redaction', () => {
  it('does to a text what a slow redactor does, and changes nothing else', () => {
    let redacted = 0;
    fc.assert(
      fc.property(rules, event, (said, text) => {
        const parsed = parseRedaction(said.map(written).join(', '));
        const redactor = parsed === null ? null : createRedactor(parsed);
        if (redactor === null) throw new Error(said.map(written).join(', '));
        const wanted = redactTree(readTree(text), said.flatMap(patternsOf));
        const found = redactor.redact(text);
        redacted += found?.values ?? 0;
        expect(found).toEqual(wanted.values === 0 ? null : { text: writeTree(wanted.tree), values: wanted.values });
      }),
      { numRuns: 1_000 },
    );
    expect(redacted).toBeGreaterThan(300);
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
