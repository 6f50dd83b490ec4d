/**
 * One timer for all that have the same time to end: most do within the turn in which they begin, and a timer of its own
 * would cost each of them more than the rest of its work here.
 */
export interface Deadline {
  readonly endMs: number;
  readonly isLate: () => void;
}

export interface Deadlines {
  /** `isLate` is called once the time is over, unless `end` was called before. */
  begin(isLate: () => void): Deadline;
  end(deadline: Deadline): void;
}

export function createDeadlines(ms: number): Deadlines {
  /** Those that began first come first, and are due first. */
  const open = new Set<Deadline>();
  let timer: NodeJS.Timeout | null = null;

  function wait(waitMs: number): void {
    timer = setTimeout(look, waitMs).unref();
  }

  function look(): void {
    timer = null;
    const nowMs = performance.now();
    for (const deadline of open) {
      if (deadline.endMs > nowMs) {
        wait(deadline.endMs - nowMs);
        return;
      }
      open.delete(deadline);
      deadline.isLate();
    }
  }

  return {
    begin: (isLate) => {
      const deadline = { endMs: performance.now() + ms, isLate };
      open.add(deadline);
      if (timer === null) wait(ms);
      return deadline;
    },
    end: (deadline) => {
      open.delete(deadline);
    },
  };
}
