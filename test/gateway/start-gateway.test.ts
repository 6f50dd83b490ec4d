/** What a gateway says that cannot start as it is. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nodeFiles } from '../../src/base/file-port.ts';
import type { OpenGatewayParts } from '../../src/gateway/open-gateway.ts';
import { madeAnew, startGateway } from '../../src/gateway/start-gateway.ts';
import { silentLog } from '../../support/engine.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { open, withFolder } from '../journal/support.ts';

it('is to be started again after one recovery, and to begin its replica anew after two', () => {
  const followed = { name: 'LOG', epoch: 'one', firstSeq: 1, after: null };
  const there = { name: 'LOG', epoch: 'two', firstSeq: 9, after: { epoch: 'one', seq: 7 } };
  const [after, later] = [
    madeAnew(there, followed),
    madeAnew({ ...there, epoch: 'three', after: { epoch: 'two', seq: 9 } }, followed),
  ];
  expect(after).toBe(
    'The stream LOG is of epoch two, and this gateway follows one: it was made anew. `sluice cluster recover` made ' +
      'it: start this gateway again.',
  );
  expect(later).toContain('remove its folder `replica`, and start it');
});

it('does not read a replica that was being begun anew, where NATS does not say behind what', async () => {
  const servers = [`127.0.0.1:${await freePort()}`];
  await withFolder(async (folder) => {
    open(folder).close();
    writeFileSync(join(folder, 'anew'), '{"version":1}');
    const starting = startGateway(
      {
        settings: { name: 'LOG', id: 'one', log: { servers, login: null, credsFile: null, tls: null } },
        folder: { spool: 'spool', replica: folder },
        openJournal: (directory: string) => (directory === 'spool' ? {} : expect.unreachable()),
        ...{ files: nodeFiles, log: silentLog },
      } as unknown as OpenGatewayParts,
      { firstAnswerMs: 1_000 },
    );
    await expect(starting).rejects.toThrow(
      /^No shared log is there at 127.0.0.1:\d+: .*replica was being begun anew .*: start the gateway again when NATS/,
    );
  });
});
