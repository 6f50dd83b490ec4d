/**
 * All rules of redaction as one machine over the keys of an event: a node is where a value stands, a step leads to the
 * node of a value within it. It is made whole at the start, so that no key of a sender adds to it.
 */
import type { RedactionRule, Step } from './redaction-rules.ts';

export interface PathNode {
  /** A value here becomes `"***"`. */
  readonly isRedacted: boolean;
  /** No value within one here can be redacted. */
  readonly isDead: boolean;
  /** By the keys that rules name. */
  readonly named: ReadonlyMap<string, PathNode>;
  /** For all other keys. */
  readonly other: PathNode;
}

/** A place in a rule: so many of its steps are passed. */
interface Place {
  readonly rule: RedactionRule;
  readonly passed: number;
}

const nodesMax = 2_000;

/** The node of the event itself; null where the rules together are too intricate. */
export function pathsOf(rules: readonly RedactionRule[]): PathNode | null {
  const made = new Map<string, Mutable>();
  const numbers = new Map(rules.map((rule, number) => [rule, number]));
  const queue: { readonly node: Mutable; readonly places: readonly Place[] }[] = [];

  function nodeFor(places: readonly Place[]): Mutable {
    const closed = withSkips(places);
    const name = closed
      .map(({ rule, passed }) => `${numbers.get(rule)}:${passed}`)
      .sort()
      .join(' ');
    const known = made.get(name);
    if (known !== undefined) return known;
    const isRedacted = closed.some(({ rule, passed }) => passed === rule.length);
    const node: Mutable = { isRedacted, isDead: closed.length === 0, named: new Map(), other: null };
    made.set(name, node);
    queue.push({ node, places: closed });
    return node;
  }

  const root = nodeFor(rules.map((rule) => ({ rule, passed: 0 })));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (made.size > nodesMax) return null;
    const { node, places } = next;
    for (const name of keysOf(places)) node.named.set(name, nodeFor(after(places, name)));
    node.other = nodeFor(after(places, null));
  }
  return root as PathNode; // each node that was queued has its `other` now
}

interface Mutable extends Omit<PathNode, 'named' | 'other'> {
  readonly named: Map<string, Mutable>;
  other: Mutable | null;
}

/** `**` may stand for nothing. */
function withSkips(places: readonly Place[]): Place[] {
  const closed: Place[] = [];
  for (const { rule, passed } of places) {
    for (let at = passed; ; at += 1) {
      if (!closed.some((place) => place.rule === rule && place.passed === at)) closed.push({ rule, passed: at });
      if (rule[at]?.kind !== 'anyDepth') break;
    }
  }
  return closed;
}

function keysOf(places: readonly Place[]): Set<string> {
  const steps = places.map(({ rule, passed }) => rule[passed]);
  return new Set(steps.flatMap((step) => (step?.kind === 'key' ? [step.key] : [])));
}

/** Behind a key; null for one that no rule names. */
function after(places: readonly Place[], name: string | null): Place[] {
  return places.flatMap(({ rule, passed }) => {
    const step = rule[passed];
    if (step === undefined || !fits(step, name)) return [];
    return [{ rule, passed: step.kind === 'anyDepth' ? passed : passed + 1 }];
  });
}

function fits(step: Step, name: string | null): boolean {
  return step.kind !== 'key' || step.key === name;
}
