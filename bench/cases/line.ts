/**
 * A line of what people do: its figure beside that of the published case's own input, in the same run.
 */
import { round } from '../target.ts';

export interface Line {
  readonly unit: string;
  readonly value: number;
  /** The input of the published case, and its figure. */
  readonly base: string;
  readonly baseValue: number;
  readonly ratio: number;
}

export function lineOf(unit: string, value: number, base: string, baseValue: number): Line {
  return { unit, value: round(value), base, baseValue: round(baseValue), ratio: round(value / baseValue) };
}
