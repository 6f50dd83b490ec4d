/**
 * Looks after all connections in turn, each once in a period, a slice at a time, so that ten thousand pings never go out at once.
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
  let added = 0;
  let turn = 0;

  const timer = setInterval(() => {
    turn = (turn + 1) % count;
    // A copy: who is found dead removes itself.
    for (const member of [...(slices[turn] ?? [])]) {
      try {
        member.sweep();
      } catch (error) {
        fault(error);
      }
    }
  }, periodMs / count);

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
