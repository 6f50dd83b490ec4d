import { describe, expect, it } from 'vitest';
import { createActor, SimulatedClock } from 'xstate';
import type { ConnectionSettings, Farewell, SubscriberPort } from '../../actors/ports.ts';
import { type SubscriberEvent, subscriberMachine } from '../../actors/subscriber.ts';

const settings: ConnectionSettings = {
  authenticateMs: 1000,
  lateToAuthenticate: { code: 1008, reason: 'late auth' },
  filterMs: 3000,
  lateToFilter: { code: 1008, reason: 'late filter' },
};
const farewell: Farewell = { code: 1012, reason: 'stop' };

function startSubscriber({
  isLegacy = false,
  onOpen = () => {},
}: {
  isLegacy?: boolean;
  onOpen?: (send: (event: SubscriberEvent) => void) => void;
} = {}) {
  const clock = new SimulatedClock();
  const told: string[] = [];
  const port: SubscriberPort = {
    entered: (phase) => told.push(phase),
    openFeed: () => {
      told.push('open feed');
      onOpen((event) => actor.send(event));
    },
    stopFeed: () => told.push('stop feed'),
    end: (given) => told.push(given === null ? 'break off' : `end ${given.code} ${given.reason}`),
  };
  const actor = createActor(subscriberMachine, { input: { port, settings, isLegacy }, clock }).start();
  const send = (...events: SubscriberEvent[]): void => {
    // The edge tells a closed machine nothing.
    for (const event of events) if (actor.getSnapshot().status === 'active') actor.send(event);
  };
  return { actor, clock, told, send, phase: () => JSON.stringify(actor.getSnapshot().value) };
}

const subscribed: SubscriberEvent[] = [{ type: 'auth.accepted' }, { type: 'filter.received', backfill: true }];

describe('the subscriber machine', () => {
  it('opens one feed at the filter, and goes between live and catching up as the feed says', () => {
    const { clock, told, send, phase } = startSubscriber();
    send(...subscribed);
    expect(phase()).toBe('{"streaming":"backfilling"}');
    send({ type: 'feed.caughtUp' });
    expect(phase()).toBe('{"streaming":"live"}');
    send({ type: 'feed.lagging' });
    expect(phase()).toBe('{"streaming":"catchingUp"}');
    send({ type: 'feed.caughtUp' });
    expect(phase()).toBe('{"streaming":"live"}');
    clock.increment(1_000_000);
    expect(told).toEqual(['authenticating', 'awaitingFilter', 'streaming', 'open feed']);
  });

  it('starts catching up where no backfill is wanted', () => {
    const { send, phase } = startSubscriber();
    send({ type: 'auth.accepted' }, { type: 'filter.received', backfill: false });
    expect(phase()).toBe('{"streaming":"catchingUp"}');
  });

  it('ends a socket that does not authenticate, or does not send its filter, in time', () => {
    const silent = startSubscriber();
    silent.clock.increment(1000);
    expect(silent.told.at(-1)).toBe('end 1008 late auth');
    const legacy = startSubscriber({ isLegacy: true });
    legacy.clock.increment(2999);
    expect(legacy.told).toEqual(['authenticating', 'awaitingFilter']);
    legacy.clock.increment(1);
    expect(legacy.told.at(-1)).toBe('end 1008 late filter');
  });

  it('stops its feed exactly once, however the connection ends', () => {
    const endings: SubscriberEvent[] = [
      { type: 'feed.failed', farewell },
      { type: 'server.stopping', farewell },
      { type: 'peer.silent', farewell },
      { type: 'socket.closed' },
    ];
    for (const ending of endings) {
      const { told, send } = startSubscriber();
      send(...subscribed, ending, { type: 'socket.closed' }, { type: 'server.stopping', farewell });
      expect(told.filter((each) => each === 'stop feed')).toEqual(['stop feed']);
      expect(told.at(-1)).toBe(ending.type === 'socket.closed' ? 'break off' : 'end 1012 stop');
    }
  });

  it('takes what the feed says while it is being opened', () => {
    const failing = startSubscriber({ onOpen: (send) => send({ type: 'feed.failed', farewell }) });
    failing.send(...subscribed);
    expect(failing.told.slice(-3)).toEqual(['stop feed', 'closed', 'end 1012 stop']);
    const fast = startSubscriber({ onOpen: (send) => send({ type: 'feed.caughtUp' }) });
    fast.send(...subscribed);
    expect(fast.phase()).toBe('{"streaming":"live"}');
  });

  it('ends a refused authentication and a refused filter as it was told', () => {
    const first = startSubscriber();
    first.send({ type: 'auth.refused', farewell: null });
    expect(first.told.at(-1)).toBe('break off');
    const second = startSubscriber();
    second.send({ type: 'auth.accepted' }, { type: 'filter.refused', farewell });
    expect(second.told).toEqual(['authenticating', 'awaitingFilter', 'closed', 'end 1012 stop']);
  });
});
