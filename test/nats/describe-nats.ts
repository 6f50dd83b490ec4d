/** Tests on one real NATS server; skipped with a line where it cannot be had. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { connectNats, type Nats } from '../../src/nats/connect-nats.ts';
import { installNats, launchNats, type NatsProcess } from '../../support/peers/nats-server.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';

export interface NatsWorld {
  /** Of this file, removed at the end. */
  readonly root: string;
  /** Of the installed server. */
  readonly folder: string;
  readonly nats: Nats;
}

const installed = await installNats(repositoryRoot());
if (!installed.found) console.info(installed.sentence);

export function describeNats(title: string, tests: (world: NatsWorld) => void): void {
  describe.skipIf(!installed.found)(title, () => {
    const folder = installed.found ? installed.folder : '';
    let root: string;
    let server: NatsProcess;
    let nats: Nats;
    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), 'sluice-nats-'));
      server = await launchNats(folder, { directory: join(root, 'one') });
      nats = await connectNats({ servers: [server.url], name: 'test' });
    });
    afterAll(async () => {
      await nats.close();
      await server.kill();
      rmSync(root, { recursive: true, force: true });
    });
    tests({
      folder,
      get root() {
        return root;
      },
      get nats() {
        return nats;
      },
    });
  });
}
