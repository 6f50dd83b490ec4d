/** A folder is a single Sluice's or one gateway's, for ever. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nodeFiles } from '../../src/base/file-port.ts';
import { runCommand } from '../../src/commands/run-command.ts';
import { StopSignals } from '../../src/commands/stop-signals.ts';
import {
  nextRun,
  openGatewayFolder,
  refuseGatewayFolder,
  refuseOnGatewayFolder,
} from '../../src/gateway/gateway-folder.ts';
import { noteHandedOver, readHandedOver } from '../../src/gateway/handed-over.ts';
import { open, withFolder } from '../journal/support.ts';

const name = { id: 'one', name: 'SLUICE' };

it('a folder of a gateway is no other gateway, and no single Sluice', () => {
  withFolder((folder) => {
    refuseGatewayFolder(folder);
    openGatewayFolder(folder, name, nodeFiles);
    openGatewayFolder(folder, name, nodeFiles);
    expect(() => openGatewayFolder(folder, { ...name, id: 'two' }, nodeFiles)).toThrow('is that of gateway one');
    expect(() => refuseGatewayFolder(folder)).toThrow('is that of a gateway');
    writeFileSync(join(folder, 'gateway'), '{"version":2}');
    expect(() => openGatewayFolder(folder, name, nodeFiles)).toThrow('is damaged, or a newer Sluice');
  });
});

it('each start that is kept on the folder of a gateway has a higher number, also where an older Sluice made the folder', () => {
  withFolder((folder) => {
    writeFileSync(join(folder, 'gateway'), JSON.stringify({ version: 1, ...name }));
    openGatewayFolder(folder, name, nodeFiles);
    const first = nextRun(folder, nodeFiles);
    expect([first.number, nextRun(folder, nodeFiles).number]).toEqual([1, 1]);
    // Again where the name could not be taken at once.
    first.keep();
    first.keep();
    openGatewayFolder(folder, name, nodeFiles);
    expect(nextRun(folder, nodeFiles).number).toBe(2);
  });
});

it('a folder of a single Sluice is no gateway', () => {
  withFolder((folder) => {
    open(folder).close();
    expect(() => openGatewayFolder(folder, name, nodeFiles)).toThrow('`sluice cluster init --from');
  });
});

it('a folder that was handed over to a shared log is no single Sluice any more', () => {
  withFolder((folder) => {
    open(folder).close();
    const after = { epoch: 'single', seq: 7 };
    noteHandedOver(nodeFiles, folder, { name: 'SLUICE', epoch: 'next', firstSeq: 8, after });
    expect(readHandedOver(nodeFiles, folder)).toEqual({ name: 'SLUICE', epoch: 'next', firstSeq: 8, after });
    expect(() => refuseGatewayFolder(folder)).toThrow('was handed over to the shared log SLUICE');
    expect(() => refuseOnGatewayFolder(folder, 'adopt')).toThrow('was handed over');
    writeFileSync(join(folder, 'cluster'), '{"version":1}');
    expect(() => refuseGatewayFolder(folder)).toThrow('is damaged');
  });
});

it.each(['adopt', 'recover', 'verify', 'prefect skip', 'dead-letter replay'])(
  '`%s` leaves a gateway as it is',
  (words) =>
    withFolder(async (folder) => {
      openGatewayFolder(folder, name, nodeFiles);
      const run = runCommand(
        { SLUICE_DATA_DIR: folder, SLUICE_LOG_LEVEL: 'silent' },
        words.split(' '),
        new StopSignals(),
      );
      await expect(run).rejects.toThrow(`\`${words}\` is for a single Sluice`);
      expect(existsSync(join(folder, 'epoch'))).toBe(false);
    }),
);
