/**
 * The allowances of all identities with limits, by their seals: a token has one, however many connections it has.
 */
import { Allowance, type Usage } from './allowance.ts';
import { everything, type Identity, type Limits, nobody } from './identity.ts';

export interface Allowances {
  /** Null for who has no limits: the auth string, and tokens without any. */
  of(identity: Identity): Allowance | null;
  /** By the names of tokens; what does not fit among them is of `other`. */
  readonly usages: ReadonlyMap<string, Usage>;
}

const allowancesMax = 10_000;
const namesMax = 50;
const nameCharactersMax = 64;
const others = 'other';

/** `defaults` hold for each limit that a token does not name. */
export function createAllowances(defaults: Limits, nowMs: () => number): Allowances {
  /** The oldest first. */
  const allowances = new Map<string, Allowance>();
  const usages = new Map<string, Usage>();
  const hasDefaults = hasAny(defaults);

  function usageOf(name: string): Usage {
    const own = name.slice(0, nameCharactersMax);
    const counted = usages.has(own) || usages.size < namesMax ? own : others;
    let usage = usages.get(counted);
    if (usage === undefined) {
      usage = { events: 0, bytes: 0, connections: 0, refused: { rate: 0, connections: 0, queries: 0 } };
      usages.set(counted, usage);
    }
    return usage;
  }

  /** First those that are as new ones, then the oldest that nobody will leave. */
  function makeRoom(): void {
    for (const [seal, allowance] of allowances) if (allowance.isIdle) allowances.delete(seal);
    if (allowances.size < allowancesMax) return;
    const [oldest] = [...allowances].find(([, allowance]) => !allowance.isInUse) ?? [];
    if (oldest !== undefined) allowances.delete(oldest);
  }

  return {
    usages,
    of(identity) {
      if (identity === everything || identity === nobody || !(hasDefaults || hasAny(identity.limits))) return null;
      const known = allowances.get(identity.seal);
      if (known !== undefined) return known;
      if (allowances.size >= allowancesMax) makeRoom();
      const made = new Allowance(limitsOf(identity.limits, defaults), usageOf(identity.name), nowMs);
      allowances.set(identity.seal, made);
      return made;
    },
  };
}

function hasAny({ rate, rateBytes, connections, queries }: Limits): boolean {
  return rate !== null || rateBytes !== null || connections !== null || queries !== null;
}

function limitsOf(own: Limits, defaults: Limits): Limits {
  return {
    rate: own.rate ?? defaults.rate,
    rateBytes: own.rateBytes ?? defaults.rateBytes,
    connections: own.connections ?? defaults.connections,
    queries: own.queries ?? defaults.queries,
  };
}
