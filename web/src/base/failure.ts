/** What a person is told when something fails: the server's own sentence, as it is. */

import { SluiceError } from '../../../client/src/errors.ts';
import { FilterLineError } from '../../../client/src/filter-line-error.ts';
import { isRefused } from './session.ts';

/**
 * Null where there is nothing to tell: the page gave it up itself, or a credential is asked for instead. An error that
 * says the credential was refused sets `isRefused`, whatever becomes of the sentence.
 */
export function sentenceOf(error: unknown): string | null {
  if (error instanceof DOMException && error.name === 'AbortError') return null;
  if (error instanceof SluiceError && error.failure === 'unauthorized') {
    isRefused.value = true;
    return null;
  }
  if (error instanceof SluiceError || error instanceof FilterLineError) return error.message;
  return error instanceof Error ? `The page itself failed: ${error.message}` : String(error);
}
