/**
 * What work is refused with; any other error is a fault and goes on.
 */
import { Failure } from '../src/base/errors.ts';

/** Null where it is done. */
export function failureOf(work: () => void): Failure | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
