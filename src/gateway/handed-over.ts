/**
 * `<data>/cluster`, in the folder of a single Sluice: its events go on in a shared log, and no single Sluice starts on
 * this folder any more. It names the epoch that follows, so that a `sluice cluster init` that was broken off is
 * finished as it was begun.
 */
import { join } from 'node:path';
import { StartRefused } from '../base/errors.ts';
import type { FilePort } from '../base/file-port.ts';
import { readSmallFile, replaceSmallFile } from '../base/small-file.ts';
import type { EndedEpoch } from '../nats/open-stream.ts';

/** The shared log that goes on from a folder. */
export interface HandedOver {
  readonly name: string;
  readonly epoch: string;
  readonly firstSeq: number;
  /** The folder's own epoch, all of which is in ClickHouse. */
  readonly after: EndedEpoch;
}

const fileName = 'cluster';

export function noteHandedOver(files: FilePort, dataDir: string, handedOver: HandedOver): void {
  replaceSmallFile(files, dataDir, fileName, { version: 1, ...handedOver });
}

/** Null if it was not handed over. Throws StartRefused for a file that is not as written. */
export function readHandedOver(files: FilePort, dataDir: string): HandedOver | null {
  const path = join(dataDir, fileName);
  const text = readSmallFile(files, path);
  if (text === null) return null;
  const found = parse(text);
  if (found === null) throw new StartRefused(`The file ${path} is damaged, or a newer Sluice has written it.`);
  return found;
}

/** Throws StartRefused. */
export function refuseHandedOver(files: FilePort, dataDir: string): void {
  const found = readHandedOver(files, dataDir);
  if (found === null) return;
  throw new StartRefused(
    `The data folder ${dataDir} was handed over to the shared log ${found.name} by \`sluice cluster init\`: start ` +
      'gateways on new folders, or run that again if it did not come to its end. docs/SCALE.md has the way back.',
  );
}

function parse(text: string): HandedOver | null {
  try {
    const { version, name, epoch, firstSeq, after } = JSON.parse(text) as Partial<HandedOver> & { version?: unknown };
    const areTexts = [name, epoch, after?.epoch].every((each) => typeof each === 'string');
    const areSeqs = [firstSeq, after?.seq].every(Number.isSafeInteger);
    // Its fields were just checked.
    return version === 1 && areTexts && areSeqs ? ({ name, epoch, firstSeq, after } as HandedOver) : null;
  } catch {
    return null;
  }
}
