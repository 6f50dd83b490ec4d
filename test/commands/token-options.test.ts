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

describe('a forced label', () => {
  const labelOf = (...words: string[]) => readTokenOptions(['--name', 'ci', ...words], new Date()).label;

  it('is a key and a value, which may hold an equals sign', () => {
    expect(labelOf('--write')).toBeNull();
    expect(labelOf('--write', '--label', 'tenant=a')).toEqual({ key: 'tenant', value: 'a' });
    expect(labelOf('--write', '--read', '--label', 'a b=c=d')).toEqual({ key: 'a b', value: 'c=d' });
  });

  it.each([
    [['--write', '--label', 'tenant'], 'KEY=VALUE'],
    [['--write', '--label', '=a'], 'KEY=VALUE'],
    [['--write', '--label', 'tenant='], 'KEY=VALUE'],
    [['--write', '--label', `${'k'.repeat(257)}=a`], '256 characters'],
    [['--write', '--label', 'prefect.resource.id=a'], 'names the resource'],
    [['--read', '--label', 'tenant=a'], 'tokens that may --write'],
  ])('is refused with a sentence: %j', (words, sentence) => {
    expect(() => labelOf(...words)).toThrow(sentence);
  });
});
