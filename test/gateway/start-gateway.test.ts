/** What a gateway says whose stream was made anew while it was away. */
import { expect, it } from 'vitest';
import { madeAnew } from '../../src/gateway/start-gateway.ts';

it('is to be started again after one recovery, and to begin its replica anew after two', () => {
  const followed = { name: 'LOG', epoch: 'one', firstSeq: 1, after: null };
  const there = { name: 'LOG', epoch: 'two', firstSeq: 9, after: { epoch: 'one', seq: 7 } };
  const [after, later] = [
    madeAnew(there, followed),
    madeAnew({ ...there, epoch: 'three', after: { epoch: 'two', seq: 9 } }, followed),
  ];
  expect(after).toBe(
    'The stream LOG is of epoch two, and this gateway follows one: it was made anew. `sluice cluster recover` made ' +
      'it: start this gateway again.',
  );
  expect(later).toContain('remove its folder `replica`, and start it');
});
