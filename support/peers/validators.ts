/**
 * The official validators of the descriptions, and schemathesis, which asks a server all that its description allows
 * and more. They are for tests alone and bring 200 packages, so they are no dependencies: each stands in a folder of
 * its own in `.tmp/validators/`, made once. openapi-spec-validator fits into the venv that schemathesis needs anyway;
 * @asyncapi/parser is AsyncAPI's own.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lastLine, run } from './run-command.ts';
import { installMs, takeTurn } from './take-turn.ts';

const pythonPins = ['schemathesis==4.32.5', 'openapi-spec-validator==0.9.0'];
const nodePin = '@asyncapi/parser@3.6.6';

const bounds = { timeout: installMs };

export type Installed =
  | { readonly found: true; readonly folder: string }
  | { readonly found: false; readonly sentence: string };

/** The folder of a venv with schemathesis and openapi-spec-validator. Never throws. */
export async function installSchemathesis(root: string): Promise<Installed> {
  const folder = join(root, '.tmp', 'validators', 'python');
  return installPythonTool(folder, pythonPins);
}

/** Makes the folder a venv with these packages of PyPI. Never throws. */
export function installPythonTool(folder: string, pins: readonly string[]): Promise<Installed> {
  return installOnce(folder, pins.join('\n'), async () => {
    const venv = await run('python3', ['-m', 'venv', '--clear', folder], bounds);
    if (venv.code !== 0) return `Python cannot make a venv here: ${lastLine(venv.output)}`;
    const words = ['-m', 'pip', 'install', '--quiet', '--retries', '1', ...pins];
    const pip = await run(join(folder, 'bin', 'python'), words, bounds);
    return pip.code === 0 ? null : `PyPI does not give them: ${lastLine(pip.output)}`;
  });
}

/** The folder of a node_modules with @asyncapi/parser. Never throws. */
export function installAsyncApiParser(root: string): Promise<Installed> {
  const folder = join(root, '.tmp', 'validators', 'node');
  return installPackage(folder, nodePin);
}

/**
 * Makes the folder's node_modules with that package of npm. `check` says what is wrong with it, or null. Never throws.
 */
export function installPackage(
  folder: string,
  pin: string,
  check: () => Promise<string | null> = async () => null,
): Promise<Installed> {
  return installOnce(folder, pin, async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    const npm = await run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, pin], bounds);
    return npm.code === 0 ? check() : `npm does not give ${pin}: ${lastLine(npm.output)}`;
  });
}

/** `install` says what went wrong, or null. */
async function installOnce(folder: string, pins: string, install: () => Promise<string | null>): Promise<Installed> {
  const marker = join(folder, `${pins.replace(/[^\w.]+/g, '-')}.done`);
  const isThere = (): boolean => existsSync(marker);
  if (isThere()) return { found: true, folder };
  mkdirSync(dirname(folder), { recursive: true });
  const release = await takeTurn(`${folder}.lock`, isThere);
  try {
    if (isThere()) return { found: true, folder };
    rmSync(folder, { recursive: true, force: true });
    const fault = await install();
    if (fault !== null) return { found: false, sentence: `Skipped: ${fault}` };
    writeFileSync(marker, pins);
    return { found: true, folder };
  } finally {
    release();
  }
}
