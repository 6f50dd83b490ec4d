/** A command that puts events into ClickHouse waits while something goes on, and no longer. */
import { expect, it } from 'vitest';
import type { StoreStatus } from '../../src/clickhouse/store.ts';
import { untilDrained } from '../../src/commands/until-drained.ts';

function draining(
  status: Partial<StoreStatus>,
  left: (nowMs: number) => string | null,
  fault: (nowMs: number) => string | null = () => null,
) {
  let now = 0;
  return untilDrained({
    left: () => left(now),
    fault: () => fault(now),
    store: { status: { phase: 'ready', reason: '', ...status } as StoreStatus },
    elapsedMs: () => now,
    pause: async (ms) => {
      now += ms;
    },
  });
}

it('waits for long, if less and less is left', async () => {
  await draining({}, (now) => (now > 3_600_000 ? null : `${Math.floor(now / 100_000)} steps`));
});

it('says what is left when nothing goes on any more', async () => {
  const away = { phase: 'unavailable', reason: 'ClickHouse is away.' } as const;
  await expect(draining(away, () => '40 events are not stored')).rejects.toThrow(
    'ClickHouse has taken nothing for 150 s (ClickHouse is away.): 40 events are not stored.',
  );
});

it('ends at once where the database is refused', async () => {
  const refused = { phase: 'refused', reason: 'It is that of another.' } as const;
  await expect(draining(refused, () => 'some')).rejects.toThrow('It is that of another.');
});

it('ends at once where it cannot go on, though ClickHouse serves', async () => {
  const full = (now: number): string | null => (now > 1_000 ? 'The dead letter is full.' : null);
  await expect(draining({}, () => 'some', full)).rejects.toThrow('The dead letter is full.');
});
