/**
 * A Sluice of its own for a test file: from dist, on a free port, in a data folder of its own that stays for a restart
 * until it is removed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerProcess } from './peers/server-process.ts';
import { launchSluice, repositoryRoot } from './peers/sluice.ts';

export interface TestSluice extends ServerProcess {
  readonly dataDir: string;
}

export interface StartOptions {
  /** Settings, as environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of an earlier Sluice, for a restart; else one is made. */
  readonly dataDir?: string;
  readonly port?: number;
  /** Another checkout than this one. */
  readonly root?: string;
}

/** Starts Sluice from dist and waits for it and its store. The data folder stays until `removeData`. */
export async function startSluice(options: StartOptions = {}): Promise<TestSluice> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'sluice-test-'));
  const server = await launchSluice({
    root: options.root ?? repositoryRoot(),
    dataDir,
    ...(options.port === undefined ? {} : { port: options.port }),
    env: { SLUICE_LOG_LEVEL: 'warn', ...options.env },
  });
  return { ...server, dataDir };
}

/** Removes the data folder of a stopped Sluice. */
export function removeData(sluice: TestSluice): void {
  rmSync(sluice.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
