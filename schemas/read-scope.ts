/**
 * For whom events are read.
 */
import type { Filter } from './filter.ts';

export interface ReadScope {
  /** What its tokens are sealed to; empty for the one that may read everything. */
  readonly seal: string;
  /** Only what fits all of these is read. */
  readonly forced: readonly Filter[];
}

export const wholeScope: ReadScope = { seal: '', forced: [] };
