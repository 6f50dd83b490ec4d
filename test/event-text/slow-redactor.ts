/**
 * A slow redactor that shares nothing with Sluice's: each rule is a regular expression over whole paths. And rules for
 * it.
 */
import fc from 'fast-check';
import type { Tree } from './arbitrary-json.ts';

/** A step of a path: a name, or what stands for several. */
type Step = { readonly name: string } | '*' | '**';
export type Rule = { readonly label: string } | { readonly path: readonly Step[] };

export const redactionKeys = [
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
const name = fc.constantFrom(...redactionKeys).map((text) => ({ name: text }));
const step = fc.oneof({ weight: 3, arbitrary: name }, fc.constantFrom('*' as const, '**' as const));
const path = fc.tuple(fc.array(step, { maxLength: 4 }), fc.oneof(name, fc.constant('*' as const)));
const rule: fc.Arbitrary<Rule> = fc.oneof(
  fc.constantFrom(...redactionKeys).map((label) => ({ label })),
  path.map(([steps, last]) => ({ path: [...steps, last] })),
);
export const redactionRules = fc.array(rule, { minLength: 1, maxLength: 4 });
/** As an operator writes it: a backslash before what would mean something else. */
export function writtenRule(one: Rule): string {
  const escaped = (text: string): string => text.replaceAll(/[\\,.* ]/g, '\\$&');
  if ('label' in one) return `label:${escaped(one.label)}`;
  return `payload:${one.path.map((each) => (typeof each === 'string' ? each : escaped(each.name))).join('.')}`;
}

/** Over a path of which each key is written as JSON, with a slash behind it that stands in no such text by itself. */
export function patternsOf(one: Rule): RegExp[] {
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

export function redactTree(tree: Tree, patterns: readonly RegExp[], at = ''): { tree: Tree; values: number } {
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
