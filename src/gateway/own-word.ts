/**
 * What a gateway says of itself to all others, from its parts.
 */
import type { Journal } from '../journal/journal.ts';
import { newestOf, productRules } from '../shared-log/apply-rules.ts';
import type { GatewayWord } from './gateway-claim.ts';
import type { ReplicaSide } from './replica-side.ts';

export interface WordParts {
  readonly spool: Pick<Journal, 'epoch' | 'horizon'>;
  readonly replica: Pick<Journal, 'head' | 'oldest'>;
  readonly side: Pick<ReplicaSide, 'replica' | 'sums'>;
  /** See GatewayRun. */
  readonly run: number;
  readonly now: () => Pick<GatewayWord, 'waiting' | 'fault' | 'waits'>;
}

export function ownWord({ spool, replica, side, run, now }: WordParts): Omit<GatewayWord, 'hasEnded' | 'nonce'> {
  const { stream, rules = 1 } = side.replica.applied;
  const knows = newestOf(productRules);
  const { head, oldest } = replica;
  const ofSpool = { spool: spool.epoch, spoolHead: spool.horizon.ticket };
  const ofReplica = { applied: stream, sums: side.sums.sums, head, oldest };
  return { version: 1, ...ofSpool, ...ofReplica, run, rules, knows, ...now() };
}
