/**
 * What judges the fuzz for time: work that grows as its size passes, work that grows as the square of it does not.
 */
import { expect, it } from 'vitest';
import { judge } from './measure.ts';

/** About 6 ms at size 1. */
function workOfPower(power: number): (size: number) => () => void {
  return (size) => () => {
    const steps = size ** power * 4_000_000;
    let sum = 0;
    for (let nth = 0; nth < steps; nth += 1) sum += nth % 7;
    if (sum < 0) throw new Error('never');
  };
}

it.each([
  [1, true],
  [2, false],
])('of work that grows by the power of %d, that it is good is %s', (power, isGood) => {
  expect(judge(workOfPower(power), 1, 'growth')).toMatchObject({ isGood });
});

it('work that is refused beyond a size is judged by what is done up to it', () => {
  const square = workOfPower(2);
  expect(judge((size) => square(Math.min(size, 2)), 1, 'growth')).toMatchObject({ isGood: false });
  expect(judge((size) => (size > 1 ? null : square(size)), 1, 'growth')).toMatchObject({ isGood: false });
});
