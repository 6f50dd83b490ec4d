import { describe, expect, it } from 'vitest';
import { createActor, SimulatedClock } from 'xstate';
import type { ConnectionSettings, Farewell, ProducerPort } from '../../actors/ports.ts';
import { type ProducerEvent, producerMachine } from '../../actors/producer.ts';

const settings: ConnectionSettings = {
  authenticateMs: 1000,
  lateToAuthenticate: { code: 1008, reason: 'late' },
  filterMs: 1000,
  lateToFilter: { code: 1008, reason: 'late' },
};
const farewell: Farewell = { code: 1003, reason: 'bad' };

function startProducer({ isLegacy = false } = {}) {
  const clock = new SimulatedClock();
  const told: string[] = [];
  const port: ProducerPort = {
    entered: (phase) => told.push(phase),
    settle: () => told.push('settle'),
    end: (given) => told.push(given === null ? 'break off' : `end ${given.code} ${given.reason}`),
  };
  const actor = createActor(producerMachine, { input: { port, settings, isLegacy }, clock }).start();
  const send = (...events: ProducerEvent[]): void => {
    // The edge tells a closed machine nothing.
    for (const event of events) if (actor.getSnapshot().status === 'active') actor.send(event);
  };
  return { actor, clock, told, send };
}

describe('the producer machine', () => {
  it('receives after the authentication, for as long as nothing ends it', () => {
    const { clock, told, send } = startProducer();
    send({ type: 'auth.accepted' });
    clock.increment(1_000_000);
    expect(told).toEqual(['authenticating', 'receiving']);
  });

  it('receives at once if legacy', () => {
    const { clock, told } = startProducer({ isLegacy: true });
    clock.increment(1_000_000);
    expect(told).toEqual(['authenticating', 'receiving']);
  });

  it('ends a socket that does not authenticate in time', () => {
    const { clock, told } = startProducer();
    clock.increment(999);
    expect(told).toEqual(['authenticating']);
    clock.increment(1);
    expect(told).toEqual(['authenticating', 'closed', 'end 1008 late']);
  });

  it('ends a refused authentication as it was told, broken off too', () => {
    for (const [given, said] of [
      [farewell, 'end 1003 bad'],
      [null, 'break off'],
    ] as const) {
      const { told, send } = startProducer();
      send({ type: 'auth.refused', farewell: given });
      expect(told).toEqual(['authenticating', 'closed', said]);
    }
  });

  it('settles what was accepted before it ends, once', () => {
    for (const type of ['message.refused', 'intake.failed', 'server.stopping'] as const) {
      const { told, send } = startProducer();
      send({ type: 'auth.accepted' }, { type, farewell }, { type: 'message.refused', farewell: null });
      expect(told.slice(2)).toEqual(['draining', 'settle']);
      send({ type: 'producer.settled' }, { type: 'server.stopping', farewell: null });
      expect(told.slice(4)).toEqual(['closed', 'end 1003 bad']);
    }
  });

  it('has nothing to settle when it stops before the authentication', () => {
    const { told, send } = startProducer();
    send({ type: 'server.stopping', farewell });
    expect(told).toEqual(['authenticating', 'closed', 'end 1003 bad']);
  });

  it('is closed from every phase when the socket is gone, and no timer is left', () => {
    const ways: ProducerEvent[][] = [
      [],
      [{ type: 'auth.accepted' }],
      [{ type: 'auth.accepted' }, { type: 'message.refused', farewell }],
    ];
    for (const way of ways) {
      const { actor, clock, told, send } = startProducer();
      send(...way, { type: 'socket.closed' });
      expect(actor.getSnapshot().status).toBe('done');
      const before = told.length;
      clock.increment(1_000_000);
      expect(told.length).toBe(before);
    }
  });
});
