/** Other versions of Node from npm, each in a folder of its own in `.tmp/nodes/`, made once. */
import { join } from 'node:path';
import { run } from './run-command.ts';
import { installPackage } from './validators.ts';

export type InstalledNode =
  | { readonly found: true; readonly binary: string }
  | { readonly found: false; readonly sentence: string };

/** The newest of that major version. Never throws. */
export async function installNode(root: string, major: number): Promise<InstalledNode> {
  if (process.version.startsWith(`v${major}.`)) return { found: true, binary: process.execPath };
  const folder = join(root, '.tmp', 'nodes', String(major));
  const binary = join(folder, 'node_modules', 'node', 'bin', 'node');
  const installed = await installPackage(folder, `node@${major}`, async () => {
    const { code } = await run(binary, ['--version']);
    return code === 0 ? null : `Node ${major} does not run here`;
  });
  return installed.found ? { found: true, binary } : installed;
}
