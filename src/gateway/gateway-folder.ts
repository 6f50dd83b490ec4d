/**
 * The data folder of a gateway: `gateway` says whose it is, `spool/` and `replica/` are its two logs. It is never that
 * of a single Sluice, nor the other way round.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StartRefused } from '../base/errors.ts';
import { type FilePort, nodeFiles } from '../base/file-port.ts';
import { makeFolder } from '../base/make-folder.ts';
import { readSmallFile, replaceSmallFile } from '../base/small-file.ts';
import { epochPath } from '../journal/epoch-file.ts';
import { refuseHandedOver } from './handed-over.ts';

export interface GatewayFolder {
  readonly dataDir: string;
  readonly spool: string;
  readonly replica: string;
}

export interface GatewayName {
  readonly id: string;
  /** Of the shared log. */
  readonly name: string;
}

const fileName = 'gateway';

/** Throws StartRefused where the folder is a single Sluice's or another gateway's. */
export function openGatewayFolder(dataDir: string, { id, name }: GatewayName, files: FilePort): GatewayFolder {
  const isNew = !isFolderOf(dataDir, { id, name }, files);
  if (isNew) replaceSmallFile(files, dataDir, fileName, { version: 1, id, name, run: 0 });
  const folder = { dataDir, spool: join(dataDir, 'spool'), replica: join(dataDir, 'replica') };
  makeFolder(folder.spool);
  makeFolder(folder.replica);
  return folder;
}

/** The number of a start on the folder of a gateway: what a copy of the folder says later is no higher. */
export interface GatewayRun {
  readonly number: number;
  /** Of this start alone. */
  readonly nonce: string;
  /** Puts it on the disk, before anybody hears of it; throws what the disk throws. Not for a start that is refused. */
  readonly keep: () => void;
}

export function nextRun(dataDir: string, files: FilePort): GatewayRun {
  const found = parse(readSmallFile(files, join(dataDir, fileName)) ?? '');
  if (found === null) throw new Error(`${dataDir} is no folder of a gateway`);
  const run = found.run + 1;
  return {
    number: run,
    nonce: randomUUID(),
    keep: () => replaceSmallFile(files, dataDir, fileName, { version: 1, ...found, run }),
  };
}

/** False for a new folder. Throws StartRefused where it is a single Sluice's or another gateway's. */
export function isFolderOf(dataDir: string, { id, name }: GatewayName, files: FilePort): boolean {
  if (existsSync(epochPath(dataDir))) {
    throw new StartRefused(
      `The data folder ${dataDir} is that of a single Sluice, and SLUICE_LOG makes this one a gateway: name a new ` +
        `folder. \`sluice cluster init --from ${dataDir}\` makes a cluster of it.`,
    );
  }
  const text = readSmallFile(files, join(dataDir, fileName));
  if (text !== null) refuseOther(dataDir, text, { id, name });
  return text !== null;
}

/** Throws StartRefused where a single Sluice is to be started on the folder of a gateway, or on one handed over. */
export function refuseGatewayFolder(dataDir: string): void {
  refuseHandedOver(nodeFiles, dataDir);
  if (!isGatewayFolder(dataDir)) return;
  throw new StartRefused(
    `The data folder ${dataDir} is that of a gateway: set SLUICE_LOG and the other settings of a gateway, or name ` +
      'another folder.',
  );
}

/** Throws StartRefused where a command for the folder of a single Sluice is run on that of a gateway. */
export function refuseOnGatewayFolder(dataDir: string, command: string): void {
  refuseHandedOver(nodeFiles, dataDir);
  if (!isGatewayFolder(dataDir)) return;
  throw new StartRefused(
    `The data folder ${dataDir} is that of a gateway, and \`${command}\` is for a single Sluice. Nothing was changed.`,
  );
}

export function isGatewayFolder(dataDir: string): boolean {
  return existsSync(join(dataDir, fileName));
}

function refuseOther(dataDir: string, text: string, { id, name }: GatewayName): void {
  const found = parse(text);
  if (found === null) {
    throw new StartRefused(`The file ${join(dataDir, fileName)} is damaged, or a newer Sluice has written it.`);
  }
  if (found.id === id && found.name === name) return;
  throw new StartRefused(
    `The data folder ${dataDir} is that of gateway ${found.id} of the shared log ${found.name}, and the settings say ` +
      `${id} of ${name}.`,
  );
}

function parse(text: string): (GatewayName & { readonly run: number }) | null {
  try {
    const found = JSON.parse(text) as Partial<Record<'version' | 'id' | 'name' | 'run', unknown>>; // checked next
    const { version, id, name, run = 0 } = found;
    const isWhole = version === 1 && typeof id === 'string' && typeof name === 'string' && typeof run === 'number';
    return isWhole ? { id, name, run } : null;
  } catch {
    return null;
  }
}
