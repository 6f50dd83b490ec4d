import { describe, expect, it, vi } from 'vitest';
import { createActor, fromPromise, SimulatedClock } from 'xstate';
import { backoffMs, type Remaining, writerMachine } from '../../actors/writer.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function startWriter(insertNext: () => Promise<Remaining>) {
  const clock = new SimulatedClock();
  const actor = createActor(
    writerMachine.provide({ actors: { insertNext: fromPromise(insertNext) }, delays: { flush: 500 } }),
    { clock },
  );
  return { actor: actor.start(), clock };
}

describe('the writer machine', () => {
  it('waits for a batch to fill for at most the flush time', async () => {
    const insert = vi.fn(async (): Promise<Remaining> => 'none');
    const { actor, clock } = startWriter(insert);
    actor.send({ type: 'rows.waiting' });
    clock.increment(499);
    expect(insert).not.toHaveBeenCalled();
    clock.increment(1);
    expect(insert).toHaveBeenCalledTimes(1);
    await settle();
    expect(actor.getSnapshot().value).toBe('idle');
  });

  it('inserts a batch that fills while it is collected at once, and once only', async () => {
    const insert = vi.fn(async (): Promise<Remaining> => 'none');
    const { actor, clock } = startWriter(insert);
    actor.send({ type: 'rows.waiting' });
    clock.increment(100);
    actor.send({ type: 'batch.filled' });
    expect(insert).toHaveBeenCalledTimes(1);
    await settle();
    clock.increment(10_000);
    expect(insert).toHaveBeenCalledTimes(1);
    expect(actor.getSnapshot().value).toBe('idle');
  });

  it('inserts at once when a batch is full, and goes on while full batches wait', async () => {
    const left: Remaining[] = ['full', 'full', 'some'];
    const insert = vi.fn(async (): Promise<Remaining> => left.shift() ?? 'none');
    const { actor } = startWriter(insert);
    actor.send({ type: 'batch.filled' });
    await settle();
    expect(insert).toHaveBeenCalledTimes(3);
    expect(actor.getSnapshot().value).toBe('collecting');
  });

  it('backs off longer after each failure, up to a bound, and starts anew after a success', async () => {
    let fail = true;
    const insert = vi.fn(async (): Promise<Remaining> => {
      if (fail) throw new Error('down');
      return 'none';
    });
    const { actor, clock } = startWriter(insert);
    actor.send({ type: 'batch.filled' });
    for (let failures = 1; failures <= 8; failures += 1) {
      await settle();
      expect(actor.getSnapshot().value).toBe('backingOff');
      const wait = Math.min(backoffMs.max, backoffMs.first * 2 ** (failures - 1));
      clock.increment(wait - 1);
      expect(insert).toHaveBeenCalledTimes(failures);
      if (failures === 8) fail = false;
      clock.increment(1);
      expect(insert).toHaveBeenCalledTimes(failures + 1);
    }
    await settle();
    expect(actor.getSnapshot().context.failures).toBe(0);
  });

  it('has one insert under way at a time, and starts none after it was stopped', async () => {
    const insert = vi.fn(() => new Promise<Remaining>(() => undefined));
    const { actor } = startWriter(insert);
    actor.send({ type: 'batch.filled' });
    actor.send({ type: 'batch.filled' });
    actor.send({ type: 'writer.stopped' });
    actor.send({ type: 'batch.filled' });
    expect(insert).toHaveBeenCalledTimes(1);
    expect(actor.getSnapshot().status).toBe('done');
  });
});
