/**
 * How far forwarding has come, in `<data>/forwarder`, replaced as a whole: what Prefect is known to have, and what may
 * have been sent beyond that, which is written down before it is sent.
 */
import { join } from 'node:path';
import { StartRefused } from '../base/errors.ts';
import type { FilePort } from '../base/file-port.ts';
import { readSmallFile, replaceSmallFile } from '../base/small-file.ts';

export interface SkippedRange {
  readonly first: number;
  readonly last: number;
  /** ISO time. */
  readonly at: string;
}

export interface KeptPlace {
  /** All own events up to this seq that pass were sent, refused or left out, and need not be asked for again. */
  readonly confirmed: number;
  /** Those up to this seq may have been sent. */
  readonly maybeSentUpTo: number;
  /** What was never forwarded, the newest last. */
  readonly skipped: readonly SkippedRange[];
}

export interface PlaceStore {
  load(): KeptPlace | null;
  save(place: KeptPlace): void;
}

const skippedMax = 100;
const name = 'forwarder';

/** `sync` makes it survive a power cut (fsync mode). */
export function placeFile(dataDir: string, sync: boolean, files: FilePort): PlaceStore {
  return {
    /** Throws StartRefused for one that is not readable. */
    load() {
      const text = readSmallFile(files, join(dataDir, name));
      return text === null ? null : parsePlace(text, join(dataDir, name));
    },
    save({ skipped, ...place }) {
      replaceSmallFile(files, dataDir, name, { version: 1, ...place, skipped: skipped.slice(-skippedMax) }, { sync });
    },
  };
}

function parsePlace(text: string, path: string): KeptPlace {
  try {
    const { version, confirmed, maybeSentUpTo, skipped } = JSON.parse(text) as Partial<KeptPlace> & {
      version?: unknown;
    };
    const isKnown = version === 1 && Number.isSafeInteger(confirmed) && Number.isSafeInteger(maybeSentUpTo);
    if (isKnown && Array.isArray(skipped)) {
      return { confirmed, maybeSentUpTo, skipped } as KeptPlace; // its fields were checked just now
    }
  } catch {
    // Told below.
  }
  throw new StartRefused(
    `The forwarder's file ${path} is damaged or was written by a newer Sluice. Restore it from a copy of the data ` +
      'folder of this moment; or remove it, and forwarding begins anew with the events that come from then on.',
  );
}
