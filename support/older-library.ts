/**
 * Whether the edge library here is the older one, which cannot do what tests marked by this ask for
 * (docs/PLATFORMS.md).
 */
import { limitHeads } from '../src/server/limit-heads.ts';
import { loadUws } from '../src/server/uws.ts';

// It is loaded here, and reads the bound then.
limitHeads(64 * 1024);

export const isOlderLibrary = !loadUws().needsSmallBuffer;
