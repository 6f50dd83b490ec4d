/**
 * All rules of redaction as one machine over the keys of an event: a node is where a value stands, a step leads to the
 * node of a value within it. It is made whole at the start, so that no key of a sender adds to it.
 */
import type { RedactionRule, Step } from './redaction-rules.ts';

export interface PathNode {
  /** A value here becomes `"***"`. */
  readonly isRedacted: boolean;
  /** No value within one here is redacted. */
  readonly isDead: boolean;
  /** By the keys that rules name. */
  readonly named: ReadonlyMap<string, PathNode>;
  /** For all other keys. */
  readonly other: PathNode;
}

const nodesMax = 1_000;

/** The node of the event itself; null where the rules together are too intricate. */
export function pathsOf(rules: readonly RedactionRule[]): PathNode | null {
  const places = new RulePlaces(rules);
  const made = new Map<string, MutableNode>();
  const unfinished: { readonly node: MutableNode; readonly from: ReadonlySet<number> }[] = [];

  function nodeAt(found: ReadonlySet<number>): MutableNode {
    if (places.isEndIn(found)) return redactedNode;
    if (found.size === 0) return deadNode;
    const name = [...found].sort((one, other) => one - other).join(' ');
    const known = made.get(name);
    if (known !== undefined) return known;
    const node = new MutableNode({ isRedacted: false, isDead: false });
    made.set(name, node);
    unfinished.push({ node, from: found });
    return node;
  }

  const root = nodeAt(places.first);
  for (let next = unfinished.pop(); next !== undefined; next = unfinished.pop()) {
    if (made.size > nodesMax) return null;
    const { node, from } = next;
    for (const key of places.keysIn(from)) node.named.set(key, nodeAt(places.after(from, key)));
    node.other = nodeAt(places.after(from, null));
  }
  return root;
}

class MutableNode implements PathNode {
  readonly isRedacted: boolean;
  readonly isDead: boolean;
  readonly named = new Map<string, MutableNode>();
  other: MutableNode = this;

  constructor({ isRedacted, isDead }: Pick<PathNode, 'isRedacted' | 'isDead'>) {
    this.isRedacted = isRedacted;
    this.isDead = isDead;
  }
}

const redactedNode = new MutableNode({ isRedacted: true, isDead: false });
const deadNode = new MutableNode({ isRedacted: false, isDead: true });

/** The places in all rules, by numbers: a place is before a step, or behind the last one. */
class RulePlaces {
  /** Before each rule's first step. */
  readonly first: ReadonlySet<number>;
  /** By their places; undefined behind a rule's last one. */
  readonly #steps: readonly (Step | undefined)[];

  constructor(rules: readonly RedactionRule[]) {
    this.#steps = rules.flatMap((rule) => [...rule, undefined]);
    const first = new Set<number>();
    let at = 0;
    for (const rule of rules) {
      this.#enter(at, first);
      at += rule.length + 1;
    }
    this.first = first;
  }

  isEndIn(places: ReadonlySet<number>): boolean {
    for (const place of places) if (this.#steps[place] === undefined) return true;
    return false;
  }

  keysIn(places: ReadonlySet<number>): Set<string> {
    const steps = [...places].map((place) => this.#steps[place]);
    return new Set(steps.flatMap((step) => (step?.kind === 'key' ? [step.key] : [])));
  }

  /** Behind a key; null for one that no rule names. */
  after(places: ReadonlySet<number>, key: string | null): Set<number> {
    const found = new Set<number>();
    for (const place of places) {
      const step = this.#steps[place];
      if (step?.kind === 'anyDepth') this.#enter(place, found);
      else if (step?.kind === 'any' || (step?.kind === 'key' && step.key === key)) this.#enter(place + 1, found);
    }
    return found;
  }

  /** `**` may also stand for nothing. */
  #enter(place: number, found: Set<number>): void {
    for (let at = place; ; at += 1) {
      found.add(at);
      if (this.#steps[at]?.kind !== 'anyDepth') return;
    }
  }
}
