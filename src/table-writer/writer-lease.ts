/**
 * Who writes into ClickHouse, where several gateways share one. The writer's state is in the key of the lease, so a
 * range stands there before it is sent, and who takes over sends the whole range under the same token (I8).
 */
import { type HeldState, type KnownHolder, Lease, type LeaseParts, parseHeld } from '../base/lease.ts';
import type { WriterStateStore } from './ports.ts';
import { parseWriterState, type WriterState } from './writer-state.ts';

const ofWriter: HeldState<WriterState> = {
  whose: "the table writer's",
  read: (value) => parseWriterState(JSON.stringify(value)),
};

export class WriterLease extends Lease<WriterState> implements WriterStateStore {
  constructor(parts: Omit<LeaseParts<WriterState>, 'of'>) {
    super({ ...parts, of: ofWriter });
  }
}

/** Throws for what no Sluice has written. */
export function parseHolder(text: string): KnownHolder<WriterState> {
  return parseHeld(text, ofWriter);
}
