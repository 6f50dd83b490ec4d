/**
 * The phases of a subscription under every interleaving of connect, drop, slow reader, refusal and stop: it always
 * yields, waits with a deadline, or has ended and said so; it never has two connections, and never goes silent.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../client/src/errors.ts';
import { begin, type Fact, type Order, type State, step, type Terms } from '../../client/src/subscription-machine.ts';

const lost = new SluiceError('gone', { failure: 'closed', retryable: true });
const refused = new SluiceError('no', { failure: 'badFilter', retryable: false });
const unauthorized = new SluiceError('who', { failure: 'unauthorized', retryable: false });
const unshaken = new SluiceError('426', { failure: 'handshakeRefused', retryable: false });
const delayMs = (failures: number): number => failures * 10;

const ends = fc.record({
  type: fc.constant('ended' as const),
  error: fc.constantFrom(lost, lost, lost, refused, unauthorized, unshaken),
  wasOpen: fc.boolean(),
  delayMs: fc.constant(delayMs),
});
const plainFacts = ['opened', 'progressed', 'caughtUp', 'retryDue', 'filled', 'drained', 'stopped'] as const;
const fact: fc.Arbitrary<Fact> = fc.oneof(ends, fc.constantFrom(...plainFacts.map((type) => ({ type }))));
const terms: fc.Arbitrary<Terms> = fc.record({
  attemptsMax: fc.constantFrom(3, 50, Number.POSITIVE_INFINITY),
  mayStream: fc.boolean(),
  mayRenew: fc.boolean(),
});

/** What the orders of a run leave behind: whether a connection lives, a timer runs, or the reader was told. */
class World {
  isConnected = false;
  isWaiting = false;
  hasFailed = false;
  connections = 0;

  obey(orders: readonly Order[]): void {
    for (const order of orders) {
      this.isWaiting = order.type === 'wait';
      if (order.type === 'connect') {
        expect(this.isConnected).toBe(false);
        this.isConnected = true;
        this.connections += 1;
      }
      if (order.type === 'hangUp' || order.type === 'fail') this.isConnected = false;
      if (order.type === 'fail') this.hasFailed = true;
    }
  }
}

/** Whether a fact can happen as the world is: a dead connection says nothing. */
function mayHappen({ type }: Fact, state: State, world: World): boolean {
  if (type === 'retryDue') return world.isWaiting;
  if (type === 'drained' || type === 'stopped') return true;
  if (type === 'opened') return world.isConnected && state.phase === 'connecting';
  if (type === 'ended') return world.isConnected;
  return world.isConnected && state.phase !== 'connecting';
}

function run(facts: readonly Fact[], given: Terms, look: (state: State, world: World, last: Fact) => void): void {
  const world = new World();
  let { state, orders } = begin();
  world.obey(orders);
  for (const next of facts) {
    if (!mayHappen(next, state, world)) continue;
    if (next.type === 'ended') world.isConnected = false;
    if (next.type === 'retryDue') world.isWaiting = false;
    ({ state, orders } = step(state, next, given));
    world.obey(orders);
    look(state, world, next);
  }
}

describe('a subscription', () => {
  it('has one connection, a running timer, a full reader, or an end that was told: never nothing', () => {
    fc.assert(
      fc.property(fc.array(fact, { maxLength: 60 }), terms, (facts, given) => {
        let isStopped = false;
        run(facts, given, (state, world, last) => {
          isStopped ||= last.type === 'stopped';
          const alive = [world.isConnected, world.isWaiting, state.phase === 'full', state.phase === 'closed'];
          expect(alive.filter(Boolean).length).toBe(1);
          if (state.phase === 'closed') expect(isStopped || world.hasFailed).toBe(true);
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('stays ended: no fact opens a connection again', () => {
    fc.assert(
      fc.property(fc.array(fact, { maxLength: 40 }), terms, (facts, given) => {
        let connections = -1;
        run(facts, given, (state, world) => {
          if (state.phase !== 'closed') return;
          if (connections < 0) connections = world.connections;
          expect(world.connections).toBe(connections);
          expect(world.isWaiting).toBe(false);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives up after so many failures in a row, and begins to count anew when something came', () => {
    const given = { attemptsMax: 3, mayStream: false, mayRenew: false };
    const drop: Fact = { type: 'ended', error: lost, wasOpen: true, delayMs };
    const round: Fact[] = [{ type: 'opened' }, { type: 'progressed' }, drop, { type: 'retryDue' }];
    let phases: string[] = [];
    run([...round, ...round, ...round, ...round], given, ({ phase }) => phases.push(phase));
    expect(phases.at(-1)).toBe('connecting');
    phases = [];
    run([drop, { type: 'retryDue' }, drop, { type: 'retryDue' }, drop], given, ({ phase }) => phases.push(phase));
    expect(phases).toEqual(['waiting', 'connecting', 'waiting', 'connecting', 'closed']);
  });

  it('asks for the token once more after a refusal, and not twice', () => {
    const given = { attemptsMax: 50, mayStream: false, mayRenew: true };
    const refusal: Fact = { type: 'ended', error: unauthorized, wasOpen: false, delayMs };
    const phases: string[] = [];
    run([refusal, { type: 'retryDue' }, refusal], given, ({ phase }) => phases.push(phase));
    expect(phases).toEqual(['waiting', 'connecting', 'closed']);
  });

  it('turns to an event stream after two handshakes that failed, and back when that fails too', () => {
    const given = { attemptsMax: 50, mayStream: true, mayRenew: false };
    const fail: Fact = { type: 'ended', error: unshaken, wasOpen: false, delayMs };
    const transports: string[] = [];
    const drop: Fact = { type: 'ended', error: lost, wasOpen: false, delayMs };
    const facts: Fact[] = [fail, { type: 'retryDue' }, fail, { type: 'retryDue' }, drop, { type: 'retryDue' }];
    run(facts, given, ({ transport, phase }) => phase === 'connecting' && transports.push(transport));
    expect(transports).toEqual(['websocket', 'stream', 'websocket']);
  });
});
