/** What `sluice token create` is told of limits. */
import { describe, expect, it } from 'vitest';
import { noLimits } from '../../src/access/identity.ts';
import { readTokenOptions } from '../../src/commands/token-options.ts';

const read = (...words: string[]) => readTokenOptions(['--name', 'ci', '--write', ...words], new Date()).limits;

describe('the limits of a token', () => {
  it('are none unless they are named, each for itself', () => {
    expect(read()).toEqual(noLimits);
    expect(read('--rate', '5000', '--queries', '2')).toEqual({ ...noLimits, rate: 5000, queries: 2 });
    expect(read('--rate-bytes', '1000000', '--connections', '1')).toEqual({
      ...noLimits,
      ...{ rateBytes: 1_000_000, connections: 1 },
    });
  });

  it.each(['0', '-1', '1.5', '1e3', 'many', ''])('are whole numbers above 0, so not "%s"', (sent) => {
    for (const option of ['rate', 'rate-bytes', 'connections', 'queries'])
      expect(() => read(`--${option}=${sent}`)).toThrow(`--${option} wants a whole number above 0`);
  });
});
