/**
 * The rules by which replicas apply blocks, by their number: replicas agree only where all follow the same. A change
 * of them is a message of the shared log (control-block.ts), and holds from there on. A version of Sluice knows the
 * rules that were in force when it was made, and the next ones.
 */
import type { Block } from './block.ts';

/** Why nothing of a block counts. */
export type PassedOver = 'damaged' | 'stale' | 'ahead';

/** Where the replica stands, as every other one stands there. */
export interface ApplyPlace {
  /** The newest seq that was given. */
  readonly appended: number;
  /** All ids of events up to this seq have left the window. */
  readonly leftUpTo: number;
  readonly idsMax: number;
}

export interface ApplyRules {
  passesOver(block: Pick<Block, 'judgedAt'>, place: ApplyPlace): PassedOver | null;
}

export type RulesTable = ReadonlyMap<number, ApplyRules>;

const rules1: ApplyRules = {
  passesOver({ judgedAt }, { appended, leftUpTo, idsMax }) {
    if (judgedAt > appended) return 'ahead';
    return appended - judgedAt > idsMax / 2 || leftUpTo > judgedAt ? 'stale' : null;
  },
};

export const productRules: RulesTable = new Map([[1, rules1]]);

export function newestOf(table: RulesTable): number {
  return Math.max(...table.keys());
}

/** By which the shared log begins that is made by this version: the oldest, for others may know no newer ones. */
export function oldestOf(table: RulesTable): number {
  return Math.min(...table.keys());
}

/** For people: `1`, `1 and 2`. */
export function numbersOf(table: RulesTable): string {
  return [...table.keys()].sort((one, other) => one - other).join(' and ');
}
