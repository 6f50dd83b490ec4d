/** The phases that ARCHITECTURE.md draws are those of the machines, and each of its arrows is a transition. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { engineMachine } from '../../actors/engine.ts';
import { producerMachine } from '../../actors/producer.ts';
import { subscriberMachine } from '../../actors/subscriber.ts';
import { writerMachine } from '../../actors/writer.ts';

const machines: Readonly<Record<string, AnyStateMachine>> = {
  producer: producerMachine,
  subscriber: subscriberMachine,
  writer: writerMachine,
  engine: engineMachine,
};
const text = readFileSync(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8');

describe('the phases of ARCHITECTURE.md', () => {
  it.each(Object.entries(machines))('are those of the %s', (name, machine) => {
    const [, row = ''] = new RegExp(`^\\| \`${name}\`[^|]*\\| (.*) \\|$`, 'm').exec(text) ?? [];
    const chains = row.split('; ').map((chain) => chain.split(' → '));
    const drawn = chains.flatMap((chain) => chain.slice(1).map((to, at) => [chain[at] ?? '', to] as const));
    const phases = leavesOf(machine.root);
    const arrows = new Set(phases.flatMap((phase) => nextOf(phase).map((next) => `${phase.key} → ${next.key}`)));
    const isTrue = ([from, to]: readonly [string, string]): boolean =>
      from === 'any'
        ? phases.every((phase) => phase.type === 'final' || arrows.has(`${phase.key} → ${to}`))
        : arrows.has(`${from} → ${to}`);
    expect(drawn.filter((arrow) => !isTrue(arrow))).toEqual([]);
    expect([...new Set(drawn.flat())].filter((phase) => phase !== 'any').sort()).toEqual(
      phases.map(({ key }) => key).sort(),
    );
  });

  it('would see the arrow that a machine does not have', () => {
    const backfilling = leavesOf(subscriberMachine.root).filter(({ key }) => key === 'backfilling');
    expect(backfilling.flatMap(nextOf).map(({ key }) => key)).toContain('live');
    expect(backfilling.flatMap(nextOf).map(({ key }) => key)).not.toContain('catchingUp');
  });
});

function leavesOf(node: AnyStateNode): AnyStateNode[] {
  const children = Object.values(node.states);
  return children.length === 0 ? [node] : children.flatMap(leavesOf);
}

/** The phases that follow, by a transition of the phase itself or of what encloses it. */
function nextOf(phase: AnyStateNode): AnyStateNode[] {
  const own = [...phase.transitions.values()].flat().concat(phase.always ?? []);
  const enclosing = phase.parent === undefined ? [] : nextOf(phase.parent);
  return [...own.flatMap(({ target }) => (target ?? []).map(entered)), ...enclosing];
}

/** Where one begins who enters the state. */
function entered(node: AnyStateNode): AnyStateNode {
  const [first] = node.initial.target ?? [];
  return first === undefined || node.type === 'atomic' || node.type === 'final' ? node : entered(first);
}
