/** Node makes one millisecond of a timer of 2^31 ms or more: a setting that long is refused, never silently short. */
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';

const timers = [
  'QUERY',
  'ENGINE_START',
  'ENGINE_HUNG',
  'BODY',
  'AUTHENTICATE',
  'FILTER',
  'PING',
  'STALL',
  'FLUSH',
  'LEAVE',
];

test.each(timers)('SLUICE_%s_MS takes no time that a timer cannot wait', (name) => {
  const read = (value: number) => readConfig({ [`SLUICE_${name}_MS`]: String(value) }, []);
  for (const value of [2 ** 31 - 1, 2 ** 31, 2 ** 53]) {
    expect(() => read(value)).toThrow(new RegExp(`SLUICE_${name}_MS must be a whole number`));
  }
});
