/**
 * Moves what lies behind a bad place to `journal/damaged/<time>/`, whole files as they are and the rest of the damaged
 * one as `<file>.from-<byte>`: nothing is thrown away. The bad place itself goes last, so that a crash in between hides
 * nothing.
 */

import { basename, join } from 'node:path';
import { type FilePort, readFully, writeAll } from '../base/file-port.ts';
import { claimedBytes, findRecords, recordHeaderBytes, recordKind, recordSeq } from '../base/record.ts';
import { parkedNumber } from './parked-records.ts';
import { isEventKind, isParkedKind, recordKinds } from './record-kinds.ts';
import { firstSeqOf } from './segment.ts';
import type { Damage } from './survey.ts';

export interface Aside {
  /** Where it was moved to; null if nothing was. */
  readonly folder: string | null;
  readonly files: number;
  readonly bytes: number;
  /** Whole ones among it. */
  readonly events: number;
  /**
   * Whole parked events among it that nothing in it settles: acknowledged, without a seq, and not looked up any more.
   */
  readonly parked: number;
  /** No event among it has a newer seq; 0 if nothing was moved. */
  readonly newestSeq: number;
}

export const nothingAside: Aside = { folder: null, files: 0, bytes: 0, events: 0, parked: 0, newestSeq: 0 };

export interface AsideRequest {
  readonly damage: Damage;
  /** All segment files, in seq order. */
  readonly paths: readonly string[];
  /** Wall clock, in ms. */
  readonly now: number;
}

/** Moves all but the bad place; `finish` takes that away, too. */
export function setAside(
  files: FilePort,
  directory: string,
  { damage, paths, now }: AsideRequest,
): { aside: Aside; finish: () => void } {
  const folder = join(directory, 'damaged', new Date(now).toISOString().replaceAll(/[-:]/g, ''));
  files.makeDirectory(folder);
  const whole = paths.slice(damage.offset === 0 ? damage.nth : damage.nth + 1);
  const counts = whole.map((path) => count(files, path, 0));
  if (damage.offset > 0) {
    counts.push(count(files, damage.path, damage.offset));
    copyRest(files, damage, join(folder, `${basename(damage.path)}.from-${damage.offset}`));
  }
  const move = (path: string): void => files.rename(path, join(folder, basename(path)));
  // From the last to the first: what stays is always one chain up to the bad place.
  whole
    .filter((path) => path !== damage.path)
    .reverse()
    .forEach(move);
  syncFolders();
  return { aside: { folder, files: counts.length, ...sum(counts) }, finish };

  function finish(): void {
    if (damage.offset === 0) move(damage.path);
    else cutFile(files, damage.path, damage.offset);
    syncFolders();
  }

  function syncFolders(): void {
    for (const path of [folder, join(directory, 'damaged'), directory]) files.syncDirectory(path);
  }
}

/** Ends the file there, for good. */
export function cutFile(files: FilePort, path: string, bytes: number): void {
  const file = files.open(path, 'change');
  try {
    files.truncate(file, bytes);
    files.sync(file);
  } finally {
    files.close(file);
  }
}

interface Count {
  readonly bytes: number;
  readonly events: number;
  readonly newestSeq: number;
  readonly parked: readonly number[];
  readonly settled: readonly number[];
}

function count(files: FilePort, path: string, from: number): Count {
  const bytes = readRest(files, path, from);
  let events = 0;
  // An empty file keeps the place of a seq, too.
  let newestSeq = firstSeqOf(path) ?? 0;
  const parked: number[] = [];
  const settled: number[] = [];
  for (const at of findRecords(bytes)) {
    const kind = recordKind(bytes, at);
    const number = () => parkedNumber(bytes.subarray(at + recordHeaderBytes, at + claimedBytes(bytes, at)));
    if (isEventKind(kind)) events += 1;
    else if (isParkedKind(kind)) parked.push(number());
    else if (kind === recordKinds.parkedSettled) settled.push(number());
    newestSeq = Math.max(newestSeq, recordSeq(bytes, at));
  }
  return { bytes: bytes.length, events, newestSeq, parked, settled };
}

function sum(counts: readonly Count[]): Pick<Aside, 'bytes' | 'events' | 'parked' | 'newestSeq'> {
  const settled = new Set(counts.flatMap((each) => each.settled));
  return {
    bytes: counts.reduce((total, { bytes }) => total + bytes, 0),
    events: counts.reduce((total, { events }) => total + events, 0),
    parked: counts.flatMap(({ parked }) => parked).filter((number) => !settled.has(number)).length,
    newestSeq: Math.max(0, ...counts.map(({ newestSeq }) => newestSeq)),
  };
}

function copyRest(files: FilePort, { path, offset }: Damage, to: string): void {
  const bytes = readRest(files, path, offset);
  const file = files.open(to, 'replace');
  try {
    writeAll(files, file, bytes, bytes.length, 0);
    files.sync(file);
  } finally {
    files.close(file);
  }
}

function readRest(files: FilePort, path: string, from: number): Buffer {
  const file = files.open(path, 'read');
  try {
    const bytes = Buffer.alloc(files.bytes(file) - from);
    return bytes.subarray(0, readFully(files, file, bytes, 0, bytes.length, from));
  } finally {
    files.close(file);
  }
}
