/** Other versions of Node from npm, each in a folder of its own in `.tmp/nodes/`, made once. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installOnce, lastLine, run } from './validators.ts';

export type InstalledNode =
  | { readonly found: true; readonly binary: string }
  | { readonly found: false; readonly sentence: string };

/** The newest of that major version. Never throws. */
export async function installNode(root: string, major: number): Promise<InstalledNode> {
  if (process.version.startsWith(`v${major}.`)) return { found: true, binary: process.execPath };
  const folder = join(root, '.tmp', 'nodes', String(major));
  const binary = join(folder, 'node_modules', 'node', 'bin', 'node');
  const installed = await installOnce(folder, `node@${major}`, async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    const words = ['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, `node@${major}`];
    const npm = await run('npm', words);
    if (npm.code !== 0) return `npm does not give Node ${major}: ${lastLine(npm.output)}`;
    const { code } = await run(binary, ['--version']);
    return code === 0 ? null : `Node ${major} does not run here`;
  });
  return installed.found ? { found: true, binary } : installed;
}
