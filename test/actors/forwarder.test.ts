import { describe, expect, it, vi } from 'vitest';
import { createActor, fromPromise, SimulatedClock } from 'xstate';
import { forwarderMachine, type Left } from '../../actors/forwarder.ts';

const times = { backoffFirstMs: 100, backoffMaxMs: 400, doubtMs: 6_000 };
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function startForwarder(sendNext: () => Promise<Left>, askNext: () => Promise<Left>, isInDoubt = false) {
  const clock = new SimulatedClock();
  const machine = forwarderMachine.provide({
    actors: { sendNext: fromPromise(sendNext), askNext: fromPromise(askNext) },
  });
  return { actor: createActor(machine, { clock, input: { times, isInDoubt } }).start(), clock };
}

const failing = (isInDoubt: boolean) => () => Promise.reject(Object.assign(new Error('no'), { isInDoubt }));
const nothingLeft = async (): Promise<Left> => 'none';

describe('the forwarder machine', () => {
  it('sends batch after batch while some wait, and then rests', async () => {
    const answers: Left[] = ['some', 'some', 'none'];
    const send = vi.fn(async (): Promise<Left> => answers.shift() ?? 'none');
    const { actor } = startForwarder(send, nothingLeft);
    expect(actor.getSnapshot().value).toBe('idle');
    actor.send({ type: 'events.waiting' });
    for (let turn = 0; turn < 5; turn += 1) await settle();
    expect(send).toHaveBeenCalledTimes(3);
    expect(actor.getSnapshot().value).toBe('idle');
  });

  it('waits longer from failure to failure, within a bound, and asks for nothing that was not taken', async () => {
    const ask = vi.fn(nothingLeft);
    const send = vi.fn(failing(false));
    const { actor, clock } = startForwarder(send, ask);
    actor.send({ type: 'events.waiting' });
    for (const waitMs of [100, 200, 400, 400]) {
      await settle();
      expect(actor.getSnapshot().value).toBe('backingOff');
      const calls = send.mock.calls.length;
      clock.increment(waitMs - 1);
      expect(send).toHaveBeenCalledTimes(calls);
      clock.increment(1);
      expect(send).toHaveBeenCalledTimes(calls + 1);
    }
    expect(ask).not.toHaveBeenCalled();
  });

  it('asks before it sends on, once Prefect has had the time to write down, and again as long as that fails', async () => {
    const asks = [failing(true), async (): Promise<Left> => 'some', nothingLeft];
    const ask = vi.fn(() => (asks.shift() ?? nothingLeft)());
    const sends = [failing(true), nothingLeft];
    const send = vi.fn(() => (sends.shift() ?? nothingLeft)());
    const { actor, clock } = startForwarder(send, ask);
    actor.send({ type: 'events.waiting' });
    await settle();
    clock.increment(5_999);
    expect(ask).not.toHaveBeenCalled();
    clock.increment(1);
    await settle();
    expect([actor.getSnapshot().value, ask.mock.calls.length]).toEqual(['backingOff', 1]);
    clock.increment(6_000);
    for (let turn = 0; turn < 5; turn += 1) await settle();
    expect([ask.mock.calls.length, send.mock.calls.length]).toEqual([3, 2]);
    expect(actor.getSnapshot().value).toBe('idle');
    expect(actor.getSnapshot().context).toMatchObject({ isInDoubt: false, failures: 0 });
  });

  it('begins by asking where the last run left a doubt', async () => {
    const ask = vi.fn(nothingLeft);
    const { clock } = startForwarder(nothingLeft, ask, true);
    clock.increment(6_000);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('asks after Prefect was away, also if that shows while a batch is under way', async () => {
    let end: (left: Left) => void = () => undefined;
    const send = vi.fn(() => new Promise<Left>((resolve) => (end = resolve)));
    const ask = vi.fn(nothingLeft);
    const { actor, clock } = startForwarder(send, ask);
    actor.send({ type: 'events.waiting' });
    actor.send({ type: 'prefect.lost' });
    expect(actor.getSnapshot().value).toBe('forwarding');
    end('some');
    await settle();
    expect(actor.getSnapshot().value).toBe('backingOff');
    clock.increment(6_000);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('stops from any phase', async () => {
    const { actor } = startForwarder(failing(true), nothingLeft);
    actor.send({ type: 'events.waiting' });
    await settle();
    actor.send({ type: 'forwarder.stopped' });
    expect(actor.getSnapshot().status).toBe('done');
  });
});
