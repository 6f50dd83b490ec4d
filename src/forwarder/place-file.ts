/**
 * The place of a single Sluice's forwarder, in `<data>/forwarder`, replaced as a whole.
 */
import { join } from 'node:path';
import { StartRefused } from '../base/errors.ts';
import type { FilePort } from '../base/file-port.ts';
import { readSmallFile, replaceSmallFile } from '../base/small-file.ts';
import { boundedPlace, type KeptPlace, type PlaceStore, readPlace } from './kept-place.ts';

const name = 'forwarder';

/** `sync` makes it survive a power cut (fsync mode). */
export function placeFile(dataDir: string, sync: boolean, files: FilePort): PlaceStore {
  return {
    async load() {
      const text = readSmallFile(files, join(dataDir, name));
      return text === null ? null : parsePlace(text, join(dataDir, name));
    },
    async save(place) {
      replaceSmallFile(files, dataDir, name, { version: 1, ...boundedPlace(place) }, { sync });
    },
  };
}

function parsePlace(text: string, path: string): KeptPlace {
  try {
    const found = JSON.parse(text) as { version?: unknown } | null; // checked next
    const place = readPlace(found);
    if (found?.version === 1 && place !== null) return place;
  } catch {
    // Told below.
  }
  throw new StartRefused(
    `The forwarder's file ${path} is damaged or was written by a newer Sluice. Restore it from a copy of the data ` +
      'folder of this moment; or remove it, and forwarding begins anew with the events that come from then on.',
  );
}
