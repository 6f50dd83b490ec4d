/**
 * A file that others replace while we run: looked at a few times a second, so that a change holds within a second.
 */
import { statSync } from 'node:fs';
import { lookOften } from './look-often.ts';

export interface WatchedFile {
  /** Calls `changed` in the background whenever another file, or none, stands there. Gives the way to stop. */
  watch(changed: () => void): () => void;
}

/** Notes what stands at the path: to be called before it is first read, so that no change goes unseen. */
export function noteFile(path: string): WatchedFile {
  let stamp = stampOf(path);
  return {
    watch(changed) {
      return lookOften(() => {
        const seen = stampOf(path);
        if (seen === stamp) return;
        stamp = seen;
        changed();
      });
    },
  };
}

/** What differs whenever the file was replaced; empty if there is none. */
function stampOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? '' : `${found.ino} ${found.mtimeNs} ${found.size}`;
}
