/** Work that comes in turn: in order, whatever fails, and without what was given up before. */
import { expect, test } from 'vitest';
import { OneAtATime } from '../../src/base/one-at-a-time.ts';

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

test('none begins before the one before has ended, be it well or not', async () => {
  const turns = new OneAtATime();
  const said: string[] = [];
  const first = gate();
  const work = [
    turns.run(async () => {
      said.push('first begins');
      await first.opened;
      said.push('first fails');
      throw new Error('it failed');
    }),
    turns.run(async () => said.push('second')),
  ];
  await Promise.resolve();
  expect(said).toEqual(['first begins']);
  first.open();
  expect((await Promise.allSettled(work)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(said).toEqual(['first begins', 'first fails', 'second']);
});

test('what is given up before its turn rejects at once and is left out; what has begun goes on', async () => {
  const turns = new OneAtATime();
  const [first, giveUp] = [gate(), new AbortController()];
  const said: string[] = [];
  const running = turns.run(async () => {
    await first.opened;
    said.push('first');
  }, giveUp.signal);
  const waiting = turns.run(async () => said.push('second'), giveUp.signal);
  const last = turns.run(async () => said.push('third'));
  await Promise.resolve();
  giveUp.abort(new Error('given up'));
  await expect(waiting).rejects.toThrow('given up');
  first.open();
  await Promise.all([running, last]);
  expect(said).toEqual(['first', 'third']);
  await expect(turns.run(async () => said.push('late'), giveUp.signal)).rejects.toThrow('given up');
  expect(said).toEqual(['first', 'third']);
});
