/**
 * Whether the shared log knows more of a gateway's spool than its folder has: then the folder is a copy, taken while
 * its gateway ran, which ran on. The gateway's key says so too, but only as of some seconds before that one ended.
 */
import { StartRefused } from '../base/errors.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { subjectOf } from '../nats/open-stream.ts';
import { newestOf } from '../nats/stored-message.ts';
import { decodeBlock } from '../shared-log/block.ts';
import { olderCopy } from './gateway-claim.ts';

/** A spool as a start has found it. */
export interface FoundSpool {
  readonly epoch: string;
  readonly head: number;
}

/** For a start that has sent nothing yet. Rejects with StartRefused, and as the client does. */
export async function refuseOlderCopy(
  nats: Nats,
  { name, id }: { readonly name: string; readonly id: string },
  { epoch, head }: FoundSpool,
): Promise<void> {
  const message = await newestOf(nats.manager, name, subjectOf(name, id));
  const block = message === null ? null : decodeBlock(Buffer.from(message.data));
  if (block === null || typeof block === 'string' || !('spool' in block)) return;
  if (block.spool === epoch && block.covers > head) throw new StartRefused(olderCopy(id));
}
