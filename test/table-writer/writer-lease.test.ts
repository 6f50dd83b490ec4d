/** The lease of the table writer, case by case. */
import { describe, expect, it } from 'vitest';
import type { KeyEntry, SharedKey } from '../../src/base/lease.ts';
import { firstState } from '../../src/table-writer/open-writer-state.ts';
import { WriterLease } from '../../src/table-writer/writer-lease.ts';

const state = firstState({ epoch: 'e', checkpoint: 7 });

/** A key in memory, and a clock that stands still. */
function rig() {
  const world = { now: 0, entry: null as KeyEntry | null, answers: [] as ('lost' | 'kept, and lost')[], nonces: 0 };
  const key: SharedKey = {
    read: async () => world.entry,
    write: async (text, revision) => {
      const answer = world.answers.shift();
      if (answer === 'lost') throw new Error('no answer');
      if ((world.entry?.revision ?? 0) !== revision) return null;
      world.entry = { text, revision: revision + 1 };
      if (answer !== undefined) throw new Error('no answer');
      return revision + 1;
    },
  };
  const lease = (holder: string): WriterLease => {
    const nonce = (): string => `${holder}${++world.nonces}`;
    return new WriterLease({
      key,
      holder,
      nonce,
      elapsedMs: () => world.now,
      leaseMs: 10_000,
      pause: async () => undefined,
    });
  };
  return { world, lease };
}

describe('the lease', () => {
  it('is free before anybody had it, and then with whoever came first', async () => {
    const { lease } = rig();
    const [one, other] = [lease('one'), lease('other')];
    expect([await one.look(), await other.look(), one.term]).toEqual([true, false, 1]);
    expect(await one.load()).toBeNull();
  });

  it('is taken when it stayed unchanged for longer than it lasts, and the old holder keeps nothing then', async () => {
    const { world, lease } = rig();
    const [one, other] = [lease('one'), lease('other')];
    await one.look();
    await one.save(state);
    await other.look();
    world.now = 10_000;
    expect(await other.look()).toBe(false);
    world.now = 10_001;
    expect([await other.look(), other.term, await other.load()]).toEqual([true, 2, state]);
    await expect(one.save({ ...state, checkpoint: 9 })).rejects.toThrow('another gateway holds');
    expect([one.isHeld, (await other.load())?.checkpoint]).toEqual([false, 7]);
  });

  it('stays with a holder that renews it, by the clock of whoever watches', async () => {
    const { world, lease } = rig();
    const [one, other] = [lease('one'), lease('other')];
    await one.look();
    for (let nth = 0; nth < 9; nth += 1) {
      expect(await other.look()).toBe(false);
      world.now += 6_000;
      await one.renew();
    }
    expect(one.isHeld).toBe(true);
  });

  it('is renewed before something is sent, once four fifths of it have passed', async () => {
    const { world, lease } = rig();
    const one = lease('one');
    await one.look();
    world.now = 8_000;
    await one.refresh();
    expect(world.entry?.revision).toBe(1);
    world.now = 8_001;
    await one.refresh();
    expect(world.entry?.revision).toBe(2);
  });

  it('is free at once when it was given up, and for the same gateway after a restart', async () => {
    const { lease } = rig();
    const one = lease('one');
    await one.look();
    await one.save(state);
    const again = lease('one');
    expect([await again.look(), again.term, await again.load()]).toEqual([true, 2, state]);
    await again.giveUp();
    const other = lease('other');
    expect([again.isHeld, await other.look(), await other.load()]).toEqual([false, true, state]);
  });

  it.each(['lost', 'kept, and lost'] as const)(
    'finds out what became of a write whose answer was %s',
    async (answer) => {
      const { world, lease } = rig();
      const one = lease('one');
      await one.look();
      world.answers = [answer];
      await one.save(state);
      expect([one.isHeld, world.entry?.revision, await one.load()]).toEqual([true, 2, state]);
    },
  );

  it('writes one state after the other, whoever renews meanwhile', async () => {
    const { world, lease } = rig();
    const one = lease('one');
    await one.look();
    await Promise.all([one.save(state), one.renew(), one.save({ ...state, checkpoint: 8 }), one.renew()]);
    expect([world.entry?.revision, (await one.load())?.checkpoint]).toEqual([5, 8]);
  });

  it('refuses a key that it does not know', async () => {
    const { world, lease } = rig();
    world.entry = { text: '{"version":2}', revision: 4 };
    await expect(lease('one').look()).rejects.toThrow('a version that this Sluice does not know');
  });
});
