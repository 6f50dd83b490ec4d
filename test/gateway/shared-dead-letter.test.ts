/** What a gateway knows of the dead letter of all, over tries to join the log. */
import { afterEach, expect, it, vi } from 'vitest';
import { SharedDeadLetter } from '../../src/gateway/shared-dead-letter.ts';
import type { DeadLetterStream } from '../../src/nats/dead-letter-stream.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('looks at the newest stream alone, however often the log was joined, and at none when it is stopped', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const looks: string[] = [];
  const streamNamed = (name: string): DeadLetterStream =>
    ({
      async size() {
        looks.push(name);
        return null;
      },
    }) as unknown as DeadLetterStream; // what a look asks of it
  const deadLetter = new SharedDeadLetter();
  for (const name of ['first', 'second', 'third']) deadLetter.begin(streamNamed(name));
  looks.length = 0;
  vi.advanceTimersByTime(5_000);
  expect(looks).toEqual(['third']);
  deadLetter.stop();
  expect(vi.getTimerCount()).toBe(0);
});
