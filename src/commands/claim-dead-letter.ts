/**
 * The dead letter of all gateways, for a command that works while none of them lives.
 */
import { StartRefused } from '../base/errors.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import { DeadLetterFull } from '../nats/claimed-dead-letter.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { openDeadLetterStream } from '../nats/dead-letter-stream.ts';
import type { DeadLetter } from '../table-writer/ports.ts';

/** In no term of the gateways, so that they may go on where the command is broken off. `epoch`: of no gateway. */
export async function claimDeadLetter(
  nats: Nats,
  settings: Pick<GatewaySettings, 'name' | 'replicas'>,
  epoch: string,
): Promise<DeadLetter> {
  const stream = await openDeadLetterStream(nats, settings);
  const claimed = await stream.claim({ epoch, term: 1 });
  if (claimed === null) throw new Error('nobody has a later term than the first of a command');
  return claimed;
}

/** Of an event that did not get in because the dead letter is full; null for any other error. */
export function refusalOfFull(error: unknown): StartRefused | null {
  if (!(error instanceof DeadLetterFull)) return null;
  return new StartRefused(`${error.message} Then run this again.`, { cause: error });
}
