/**
 * Looks after all connections in turn, each once in a period, a slice at a time, so that ten thousand pings never go
 * out at once.
 */
const slicesMax = 400;
const sliceMsMin = 25;

export interface Swept {
  sweep(): void;
}

export interface Sweep {
  add(member: Swept): void;
  remove(member: Swept): void;
  stop(): void;
}

/** `fault` hears what a member throws; the others are swept all the same. */
export function startSweep(periodMs: number, fault: (error: unknown) => void): Sweep {
  const count = Math.max(1, Math.min(slicesMax, Math.floor(periodMs / sliceMsMin)));
  const slices = Array.from({ length: count }, () => new Set<Swept>());
  const sliceOf = new Map<Swept, Set<Swept>>();
  const sliceMs = periodMs / count;
  const began = performance.now();
  let added = 0;
  let turn = 0;

  // By the clock: on a busy loop each timer is late, and four hundred of them would add up. What a long stop left out,
  // one round makes up for.
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - began) / sliceMs);
    for (turn = Math.max(turn, due - count); turn < due; turn += 1) sweepSlice(turn % count);
  }, sliceMs);

  function sweepSlice(nth: number): void {
    // A copy: who is found dead removes itself.
    for (const member of [...(slices[nth] ?? [])]) {
      try {
        member.sweep();
      } catch (error) {
        fault(error);
      }
    }
  }

  return {
    add: (member) => {
      added += 1;
      const slice = slices[added % count];
      if (slice === undefined) return;
      slice.add(member);
      sliceOf.set(member, slice);
    },
    remove: (member) => {
      sliceOf.get(member)?.delete(member);
      sliceOf.delete(member);
    },
    stop: () => clearInterval(timer),
  };
}
