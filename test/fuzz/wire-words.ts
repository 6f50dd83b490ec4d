/**
 * What the wire fuzz is made of: choices by a seed, and JSON as clients mean it and as nobody should.
 */
import { randomFrom } from '../../support/random.ts';

export class Choices {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
    // The first numbers of neighbouring seeds are alike.
    for (let nth = 0; nth < 8; nth += 1) this.#random();
  }

  /** From 0 to below the bound. */
  below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
  chance(share: number): boolean {
    return this.#random() < share;
  }
  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)] as Value; // none of the lists is empty
  }
  /** One of the makers, by its weight. */
  weighed<Value>(makers: readonly (readonly [weight: number, make: () => Value])[]): Value {
    let left = this.#random() * makers.reduce((sum, [weight]) => sum + weight, 0);
    const found = makers.find(([weight]) => {
      left -= weight;
      return left < 0;
    });
    return (found ?? makers[0]!)[1]();
  }
  id(): string {
    const digits = Array.from({ length: 32 }, () => this.below(16).toString(16)).join('');
    return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
  }
  bytes(max: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(max + 1) }, () => this.below(256)));
  }
}

/** Few ids, so that repeats come, and other tenants' ids. */
const fewIds = 40;

export function eventJson(by: Choices): unknown {
  const number = by.below(fewIds);
  const age = by.weighed<number>([
    [8, () => by.below(60_000)],
    [1, () => by.below(1e12)],
    [1, () => -by.below(1e10)],
  ]);
  return {
    occurred: new Date(Date.now() - age).toISOString(),
    event: by.chance(0.98) ? by.pick(['fuzz.a', 'fuzz.b', '', 'é']) : 'x'.repeat(1100),
    resource: { 'prefect.resource.id': by.chance(0.98) ? by.pick(['r', 'é']) : '', tenant: by.pick(['a', 'b']) },
    ...(by.chance(0.3) && {
      related: [{ 'prefect.resource.id': 'o', 'prefect.resource.role': by.chance(0.9) ? 'x' : '' }],
    }),
    ...(by.chance(0.5) && { payload: value(by, 3) }),
    id: by.chance(0.3) ? `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` : by.id(),
    ...(by.chance(0.1) && { follows: by.chance(0.9) ? by.pick([by.id(), null]) : by.pick(['x', 7]) }),
    ...(by.chance(0.05) && { [by.pick(['received', 'extra', '__proto__'])]: value(by, 2) }),
  };
}

export function filterJson(by: Choices): unknown {
  if (by.chance(0.4))
    return by.pick([{}, { event: { prefix: ['fuzz.'] } }, { resource: { labels: { tenant: ['a'] } } }]);
  const list = (values: readonly unknown[]) => Array.from({ length: by.below(4) }, () => by.pick(values));
  const time = () =>
    by.pick([new Date(Date.now() - by.below(1e10)).toISOString(), 'x', 0, null, '0001-01-01T00:00:00Z']);
  const parts: readonly (readonly [string, () => unknown])[] = [
    ['occurred', () => ({ since: time(), ...(by.chance(0.5) && { until: time() }) })],
    [
      'event',
      () => ({ [by.pick(['prefix', 'name', 'exclude_name', 'exclude_prefix'])]: list(['fuzz.', 'a*', '', 7]) }),
    ],
    [
      'resource',
      () => ({
        [by.pick(['id', 'id_prefix', 'distinct', 'labels'])]: by.pick([
          list(['r', '*']),
          true,
          { tenant: list(['a', 'b']) },
        ]),
      }),
    ],
    [
      'related',
      () => ({ [by.pick(['id', 'role', 'labels', 'resources_in_roles'])]: by.pick([list(['o']), [['o', 'x']], {}]) }),
    ],
    [
      'any_resource',
      () => ({ [by.pick(['id', 'id_prefix', 'labels'])]: by.pick([list(['r', 'o']), { tenant: ['b'] }]) }),
    ],
    ['id', () => ({ id: list([by.id(), 'x']) })],
    ['text', () => ({ query: by.pick(['a', '"a b" -c', '', '(', 'é']) })],
    ['order', () => by.pick(['ASC', 'DESC', 'asc', 1])],
    ['limit', () => by.pick([1, 0, -1, 1e9])],
    ['unknown', () => value(by, 2)],
  ];
  return Object.fromEntries(
    Array.from({ length: by.below(4) }, () => by.pick(parts)).map(([name, make]) => [name, make()]),
  );
}

/** Any JSON value, few levels deep. */
export function value(by: Choices, depth: number): unknown {
  return by.weighed<unknown>([
    [4, () => by.pick(['', 'a', '\u0000', '"', 'x'.repeat(3_000), by.chance(0.2) ? '\ud800' : 'b'])],
    [2, () => by.pick([0, -0, 1e300, 2 ** 60, 0.1])],
    [1, () => by.pick([null, true, false])],
    [depth, () => Array.from({ length: by.below(4) }, () => value(by, depth - 1))],
    [depth, () => ({ [by.pick(['a', 'type', 'id', 'filter'])]: value(by, depth - 1) })],
  ]);
}

/** Text as it is, or with something wrong in it. */
export function spoilt(by: Choices, text: string): Buffer {
  const bytes = Buffer.from(text);
  return by.weighed<Buffer>([
    [12, () => bytes],
    [1, () => bytes.subarray(0, by.below(bytes.length + 1))],
    [1, () => Buffer.concat([bytes, by.bytes(8)])],
    [1, () => flipped(by, bytes)],
    [1, () => Buffer.concat([Buffer.from('['.repeat(by.pick([3, 2_000]))), bytes])],
    [1, () => by.bytes(60)],
  ]);
}

function flipped(by: Choices, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  if (changed.length > 0) changed.writeUInt8(by.below(256), by.below(changed.length));
  return changed;
}
