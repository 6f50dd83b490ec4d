/**
 * A bound on waiting for what may never end, a disk that hangs for one.
 */

/** Whether the work ended in time; it goes on if it did not. Rejects as the work does until then. */
export async function endsWithin(deadlineMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, deadlineMs, false);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
