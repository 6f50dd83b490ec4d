/** What a killed Prefect server had written down, read from its SQLite file before it starts again. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Beside } from './start-beside.ts';

const program = `import sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("select id from events where event = ?", (sys.argv[2],))
print("\\n".join(id for (id,) in rows))`;

/** The ids of its events of that name. */
export function writtenIds({ install, folder }: Beside, name: string): Set<string> {
  const ran = spawnSync(install.python, ['-c', program, join(folder, 'prefect', 'prefect.db'), name], {
    env: { PYTHONPATH: install.siteDirectory },
    encoding: 'utf8',
  });
  if (ran.status !== 0) throw new Error(`Prefect's file could not be read: ${ran.stderr}`);
  return new Set(ran.stdout.split('\n').filter((id) => id !== ''));
}
