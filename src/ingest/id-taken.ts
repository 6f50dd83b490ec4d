/**
 * The refusal of an event whose id is taken (../event-log/taken-id.ts).
 */
import { Failure } from '../base/errors.ts';

export function idTaken(id: string): Failure {
  return new Failure('idTaken', `id taken: ${id} was first stored under another label`);
}
