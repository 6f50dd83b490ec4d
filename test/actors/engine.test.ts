/** The engine's life, with a fake child and a clock that stands still until told. */

import { beforeEach, expect, test } from 'vitest';
import { createActor, fromCallback, SimulatedClock } from 'xstate';
import { type ChildCommand, type EngineEvent, engineBackoffMs, engineMachine } from '../../actors/engine.ts';

const times = { startMs: 5000, stopMs: 3000, backoffFirstMs: 100, backoffMaxMs: 800, steadyMs: 60_000 };
const address = { url: 'http://127.0.0.1:1', pathname: '/p', username: 'u', password: 'p' };

interface FakeChild {
  readonly tell: (event: EngineEvent) => void;
  asked: boolean;
  killed: boolean;
}

let children: FakeChild[];
let clock: SimulatedClock;
beforeEach(() => {
  children = [];
  clock = new SimulatedClock();
});

function start() {
  const machine = engineMachine.provide({
    actors: {
      child: fromCallback<ChildCommand>(({ sendBack, receive }) => {
        const child: FakeChild = { tell: sendBack, asked: false, killed: false };
        children.push(child);
        receive(() => {
          child.asked = true;
        });
        return () => {
          child.killed = true;
        };
      }),
    },
  });
  return createActor(machine, { input: times, clock }).start();
}

const newest = () => children.at(-1) as FakeChild; // every test has started one
const answers = () => newest().tell({ type: 'engine.answered', address });
const exits = () => newest().tell({ type: 'engine.exited', reason: 'SIGKILL' });

test('a child that answers makes it ready, with its address', () => {
  const engine = start();
  expect(engine.getSnapshot().value).toEqual({ running: 'starting' });
  answers();
  expect(engine.getSnapshot().value).toEqual({ running: 'ready' });
  expect(engine.getSnapshot().context.address).toEqual(address);
  clock.increment(times.startMs * 10);
  expect(children.length).toBe(1);
});

test('a child that does not answer in time is killed and replaced', () => {
  const engine = start();
  clock.increment(times.startMs);
  expect(engine.getSnapshot().value).toBe('restarting');
  expect(engine.getSnapshot().context.reason).toMatch(/5 s/);
  expect(newest().killed).toBe(true);
  clock.increment(times.backoffFirstMs);
  expect(engine.getSnapshot().value).toEqual({ running: 'starting' });
  expect(children.length).toBe(2);
});

test('a crash takes the address away and starts a new child after the backoff', () => {
  const engine = start();
  answers();
  exits();
  expect(engine.getSnapshot().value).toBe('restarting');
  expect(engine.getSnapshot().context).toMatchObject({ address: null, reason: 'SIGKILL', failures: 1 });
  clock.increment(times.backoffFirstMs - 1);
  expect(children.length).toBe(1);
  clock.increment(1);
  answers();
  expect(engine.getSnapshot().value).toEqual({ running: 'ready' });
});

test('a child that hangs is killed and replaced; before it has answered only the start has a deadline', () => {
  const engine = start();
  newest().tell({ type: 'engine.hung', reason: 'it did not answer for 60 s' });
  expect(engine.getSnapshot().value).toEqual({ running: 'starting' });
  answers();
  newest().tell({ type: 'engine.hung', reason: 'it did not answer for 60 s' });
  expect(engine.getSnapshot().value).toBe('restarting');
  expect(engine.getSnapshot().context).toMatchObject({ address: null, reason: 'it did not answer for 60 s' });
  expect(newest().killed).toBe(true);
  clock.increment(times.backoffFirstMs);
  expect(children.length).toBe(2);
});

test('failures in a row double the wait within its bound; a steady run begins anew', () => {
  const engine = start();
  for (const expected of [100, 200, 400, 800, 800]) {
    answers();
    exits();
    clock.increment(expected - 1);
    expect(engine.getSnapshot().value).toBe('restarting');
    clock.increment(1);
    expect(engine.getSnapshot().value).toEqual({ running: 'starting' });
  }
  answers();
  clock.increment(times.steadyMs);
  expect(engine.getSnapshot().context.failures).toBe(0);
  exits();
  clock.increment(times.backoffFirstMs);
  expect(engine.getSnapshot().value).toEqual({ running: 'starting' });
  expect(engineBackoffMs(times, 5000)).toBe(times.backoffMaxMs);
});

test.each(['starting', 'ready'])('a stop while %s asks the child to end, and waits for it', (phase) => {
  const engine = start();
  if (phase === 'ready') answers();
  engine.send({ type: 'engine.stop' });
  expect(engine.getSnapshot().value).toEqual({ running: 'stopping' });
  expect(engine.getSnapshot().context.address).toBe(null);
  expect(newest()).toMatchObject({ asked: true, killed: false });
  answers();
  engine.send({ type: 'engine.stop' });
  expect(engine.getSnapshot().value).toEqual({ running: 'stopping' });
  exits();
  expect(engine.getSnapshot()).toMatchObject({ value: 'stopped', status: 'done' });
});

test('a child that does not end in time is killed', () => {
  const engine = start();
  answers();
  engine.send({ type: 'engine.stop' });
  clock.increment(times.stopMs);
  expect(newest().killed).toBe(true);
  expect(engine.getSnapshot().status).toBe('done');
});

test('a stop while restarting starts no other child', () => {
  const engine = start();
  exits();
  engine.send({ type: 'engine.stop' });
  clock.increment(10_000);
  expect(engine.getSnapshot().value).toBe('stopped');
  expect(children.length).toBe(1);
});
