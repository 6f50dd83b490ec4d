/**
 * How much memory this process has beside what JavaScript knows of: that of the edge library and of whatever else is
 * native code.
 */
import { returnFreeMemory } from '../base/libc.ts';

/** Not more often than this: it takes as long as there is memory to look through. */
const returnEveryMs = 400;

/** Gives bytes; the least that was seen counts as 0. Exact: what is free goes back to the system first. */
export function unseenMemory(): (isExact: boolean) => number {
  let leastBytes = Number.POSITIVE_INFINITY;
  let returnedMs = 0;
  return (isExact) => {
    if (isExact && performance.now() - returnedMs > returnEveryMs) {
      returnFreeMemory();
      returnedMs = performance.now();
    }
    const { rss, heapTotal, external } = process.memoryUsage();
    const unseen = rss - heapTotal - external;
    leastBytes = Math.min(leastBytes, unseen);
    return unseen - leastBytes;
  };
}
