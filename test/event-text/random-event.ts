/**
 * Random events as trees: any characters in their texts, times and ids in all forms that are taken and some that are
 * not, fields that no event has, now and then a rule that is broken.
 */
import type { Tree } from './arbitrary-json.ts';

type Random = () => number;
type Field = readonly [name: string, value: Tree];

export function randomFields(random: Random): Field[] {
  const labels: [string, Tree][] = [['prefect.resource.id', { kind: 'string', value: text(random, 1) }]];
  const fields: Field[] = [
    ['occurred', time(random)],
    ['event', { kind: 'string', value: text(random, 0) }],
    ['resource', { kind: 'object', members: [...labels, ...moreLabels(random)] }],
    ['related', { kind: 'array', items: list(random, 3, () => related(random)) }],
    ['payload', { kind: 'object', members: members(random, 4) }],
    ['id', id(random)],
    ['follows', random() < 0.5 ? word('null') : id(random)],
  ];
  const kept = fields.filter(([name]) => random() > (optional.includes(name) ? 0.2 : 0.005));
  if (random() < 0.1) kept.push([text(random, 0), value(random, 3)]);
  if (random() < 0.1) kept.push(['received', value(random, 0)]);
  if (random() < 0.02) kept.push(pick(random, fields));
  if (random() < 0.03) kept.push([pick(random, fields)[0], value(random, 1)]);
  return kept;
}

const optional = ['related', 'payload', 'follows'];

function related(random: Random): Tree {
  const role: [string, Tree] = ['prefect.resource.role', { kind: 'string', value: text(random, 1) }];
  const own: [string, Tree] = ['prefect.resource.id', { kind: 'string', value: text(random, 1) }];
  return { kind: 'object', members: [...moreLabels(random), own, ...(random() < 0.01 ? [] : [role])] };
}

function moreLabels(random: Random): [string, Tree][] {
  return list(random, 3, () => {
    const label = random() < 0.003 ? value(random, 1) : ({ kind: 'string', value: text(random, 0) } as const);
    return [text(random, 0), label];
  });
}

function members(random: Random, depth: number): [string, Tree][] {
  const most = random() < 0.01 ? 60 : 4;
  return list(random, most, (nth) => [random() < 0.5 ? `k${nth}` : text(random, 0), value(random, depth - 1)]);
}

function value(random: Random, depth: number): Tree {
  const dice = random();
  if (depth > 0 && dice < 0.2) return { kind: 'object', members: members(random, depth) };
  if (depth > 0 && dice < 0.3) return { kind: 'array', items: list(random, 4, () => value(random, depth - 1)) };
  if (dice < 0.5) return word(random() < 0.5 ? pick(random, words) : number(random));
  return { kind: 'string', value: text(random, 0) };
}

const words = ['true', 'false', 'null', '0', '-0', '1.0', '-0.0', '1E+30', '1e-7', '1e400', '0.10', '5E-324'];

function number(random: Random): string {
  const digits = String(Math.floor(random() * 1e15)).repeat(1 + Math.floor(random() * 3));
  return `${pick(random, ['', '-'])}${digits.replace(/^0+(?=\d)/, '')}${pick(random, ['', '', '.5', 'e5', '.25E-3'])}`;
}

/** Characters by kind: what folds in its own way, what is escaped, what is long in UTF-8. */
const kinds: readonly string[] = [
  'abcxyzABCXYZ0189 .,:;-_/(){}[]<>&\u007f',
  '"\\/\b\t\n\f\r\u0000\u001b\u001f',
  'äöüßÄÖÜÉ×÷Þ\u0080\u00ff',
  'İıŸſƒȺȾΣσςΆϴЖжѐЀԱ',
  '任务运行失败。超时فشل تشغيلעבריתไทย한국어',
  'ẞΩKÅⰀⱢꙀꞍꭰᲐἈႠＡ\u2028\u2029\ufeff\uffff',
];
const beyondBmp = ['🚀', '👩', '𐐀', '𐓐', '𞤀', '𝄞', '𠀀', '\u{10ffff}'];

function text(random: Random, least: number): string {
  const kind = random();
  const most = random() < 0.02 ? 1200 : random() < 0.2 ? 60 : 12;
  const length = least + Math.floor(random() * most);
  let result = '';
  for (let nth = 0; nth < length; nth += 1) result += character(random, kind);
  return result;
}

function character(random: Random, kind: number): string {
  if (kind < 0.6 || random() < 0.5) return ofText(random, kinds[0]!);
  const dice = random();
  if (dice < 0.7) return ofText(random, pick(random, kinds));
  if (dice < 0.85) return pick(random, beyondBmp);
  const code = Math.floor(random() * (dice < 0.95 ? 0x3000 : 0x20000));
  return code >= 0xd800 && code <= 0xdfff && random() < 0.9 ? '-' : String.fromCodePoint(code);
}

function time(random: Random): Tree {
  if (random() < 0.05) return word(pick(random, ['0', '1795341600', '1795341600.25', '-1e9', '1795341600123', 'null']));
  if (random() < 0.1) return { kind: 'string', value: pick(random, rareTimes) };
  const day = `${pick(random, years)}-${two(random, 12, 1)}-${two(random, random() < 0.02 ? 32 : 28, 1)}`;
  const clock = `${two(random, 24)}:${two(random, 60)}:${two(random, 60)}`;
  const fraction = pick(random, [
    '',
    '',
    '.000000',
    '.1',
    '.123',
    '.123456',
    ',5',
    '.000001',
    '.999999999',
    '.0000009',
  ]);
  const zone = random() < 0.03 ? pick(random, ['+24:00', '+0:00', '+00:60', 'ZZ', '\u221201']) : pick(random, zones);
  return { kind: 'string', value: `${day}${pick(random, ['T', 'T', 'T', ' ', 't', '_'])}${clock}${fraction}${zone}` };
}

const zones = ['Z', 'Z', 'z', '', '+00:00', '+02:00', '-0530', '+14', '-23:59', '+00:99', '\u221201:00'];
const years = ['2026', '2024', '2026', '1970', '1969', '1900', '2000', '0004', '0001', '9999'];
const rareTimes = ['2026-11-22', '20261122T101112Z', '2026-W47-7', '2026-326', '2026-11-22T10', '2026-11-22T10:11Z']
  .concat(['1795341600', '-1.5', 'yesterday', '', '2026-11-22T10:11:12.Z', '2026-11-22T10:11:12.5 Z', '2026/11/22'])
  .concat(['2026-02-29T00:00:00Z', '2024-02-29T24:00:00Z', '2026-11-22T10:11:60Z', ' 2026-11-22T10:11:12Z']);

/** Two digits. */
function two(random: Random, numbers: number, first = 0): string {
  return String(first + Math.floor(random() * numbers)).padStart(2, '0');
}

function id(random: Random): Tree {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
  const dashed = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const forms = [
    dashed,
    dashed,
    dashed,
    dashed.toUpperCase(),
    hex,
    hex.toUpperCase(),
    `{${dashed}}`,
    `urn:uuid:${dashed}`,
  ];
  const form = pick(random, forms);
  if (random() < 0.02)
    return { kind: 'string', value: form.replace(pick(random, form.split('')), pick(random, wrong)) };
  return random() < 0.003 ? word('5') : { kind: 'string', value: form };
}

const wrong = ['', 'g', '-', '\u0010', '\r', '{', 'é', '0'];

function word(sent: string): Tree {
  return { kind: 'scalar', text: sent };
}

function list<Item>(random: Random, most: number, make: (nth: number) => Item): Item[] {
  return Array.from({ length: Math.floor(random() * (most + 1)) }, (_, nth) => make(nth));
}

function ofText(random: Random, text: string): string {
  return text.charAt(Math.floor(random() * text.length));
}

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)]!;
}
