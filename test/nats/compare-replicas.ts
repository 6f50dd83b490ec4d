/** The replicas of all gateways after their end, row by row against what ClickHouse has. */
import { join } from 'node:path';
import { nodeFiles } from '../../src/base/file-port.ts';
import { splitRow } from '../../src/event-log/row.ts';
import { readEpochFile } from '../../src/journal/epoch-file.ts';
import { keyOf } from '../../support/crash/producers.ts';
import type { StoredRow } from '../../support/crash/stored.ts';
import { open } from '../journal/support.ts';
import type { StormGateway } from './storm-world.ts';

/** `rows`: how many were compared, in all replicas. A replica has let go its oldest ones. */
export function compareReplicas(
  { gateways }: { readonly gateways: readonly Pick<StormGateway, 'id' | 'dataDir'>[] },
  stored: readonly StoredRow[],
): { readonly broken: readonly string[]; readonly rows: number } {
  const keyAt = new Map(stored.map(({ seq, key }) => [seq, key]));
  const broken: string[] = [];
  const texts = new Map<number, string>();
  let rows = 0;
  for (const { id, dataDir } of gateways) {
    let others = 0;
    let unlike = 0;
    for (const row of rowsOf(join(dataDir, 'replica'))) {
      const seq = Number(splitRow(row).seq);
      const text = texts.get(seq) ?? row;
      texts.set(seq, text);
      if (keyAt.get(seq) !== keyOf(row)) others += 1;
      if (text !== row) unlike += 1;
      rows += 1;
    }
    if (others > 0) broken.push(`${others} rows of the replica of ${id} are others than in ClickHouse`);
    if (unlike > 0) broken.push(`${unlike} rows of the replica of ${id} have another text than in another replica`);
  }
  return { broken, rows };
}

function rowsOf(directory: string): string[] {
  const found = readEpochFile(nodeFiles, directory);
  if (found === null) return [];
  const journal = open(directory, { replicaOf: found, keepBytesPastCheckpoint: Number.MAX_SAFE_INTEGER });
  const { rows } = journal.read(journal.oldest, Number.MAX_SAFE_INTEGER, journal.head);
  const texts = rows.toString().split('\n').filter(Boolean);
  journal.close();
  return texts;
}
