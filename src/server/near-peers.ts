/**
 * Gives peers that are near a smaller receive buffer while the loop is busy. A peer that floods fills its buffer, and
 * what one read brings is handled before anybody else's: the smaller it is, the shorter others wait (I5). A peer that
 * is far needs the room for what is on its way; one on the same machine, or in the next rack, does not.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { lookOften } from '../base/look-often.ts';
import { socketCalls } from './socket-calls.ts';

/**
 * The kernel doubles it for its own books. It must not be smaller than a segment on loopback, of 65,483 bytes: a sender
 * that has once seen a larger window would wait for its timer before each segment.
 */
export const nearBufferBytes = 64 * 1024;
/** With that buffer such a peer can still send 100 MB a second. */
const nearMicrosMax = 1_000;

/** Of the loop's time. Below that a flood holds up nobody for long. */
const busyMin = 0.5;
const looksBetween = 4;
/** A look at more would take milliseconds; where so many are connected, no single one has much of the loop. */
const descriptorsMax = 2_000;

/** Looks once a second where the loop is busy and `isShared` says that there is more than one connection. */
export function watchNearPeers(port: number, isShared: () => boolean): () => void {
  const peers = new NearPeers(port);
  let before = performance.eventLoopUtilization();
  let looks = 0;
  return lookOften(() => {
    looks += 1;
    if (looks % looksBetween !== 0) return;
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (utilization >= busyMin && isShared()) peers.narrow();
  });
}

export class NearPeers {
  readonly #port: number;
  /** Sockets that were looked at, as the system names them: a number never comes again for another. */
  #seen: ReadonlySet<string> = new Set();

  constructor(port: number) {
    this.#port = port;
  }

  /** Looks at each new connection of the port, once, and gives how many of them are near. */
  narrow(): number {
    const names = descriptors();
    if (names.length > descriptorsMax) return 0;
    const seen = new Set<string>();
    let count = 0;
    for (const name of names) {
      const socket = socketAt(name);
      if (socket === null) continue;
      seen.add(socket);
      if (!this.#seen.has(socket) && this.#narrowIfNear(Number(name))) count += 1;
    }
    this.#seen = seen;
    return count;
  }

  #narrowIfNear(descriptor: number): boolean {
    const calls = socketCalls();
    if (calls.localPortOf(descriptor) !== this.#port) return false;
    const micros = calls.roundTripMicrosOf(descriptor);
    return micros !== null && micros <= nearMicrosMax && calls.setReceiveBuffer(descriptor, nearBufferBytes);
  }
}

/** None where there is no descriptor left to read them by: a later look may have one. */
function descriptors(): readonly string[] {
  try {
    return readdirSync('/proc/self/fd');
  } catch {
    return [];
  }
}

/** `socket:[number]`; null for what is no socket, or has been closed meanwhile. */
function socketAt(descriptor: string): string | null {
  try {
    const target = readlinkSync(`/proc/self/fd/${descriptor}`);
    return target.startsWith('socket:') ? target : null;
  } catch {
    return null;
  }
}
