/**
 * The lock file can be trusted anywhere: an integrity hash for every package, and no registry's address.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  /** To a package of this repository. */
  readonly link?: boolean;
  readonly os?: readonly string[];
}

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Record<string, LockedPackage>;
};
/** But for our own: they stand in the repository, and a link to each of them. */
const locked = Object.entries(lock.packages).filter(([name, { link }]) => name.startsWith('node_modules/') && !link);

/**
 * The engine for other platforms: the registry that this file was made with does not have them, so their hashes are not
 * known.
 */
const unhashed = ['@chdb/lib-darwin-arm64', '@chdb/lib-darwin-x64', '@chdb/lib-linux-arm64-gnu'];

it('the lock file names a version for each package, and an address for none', () => {
  expect(locked.length).toBeGreaterThan(100);
  expect(locked.filter(([, { version, resolved }]) => version === undefined || resolved !== undefined)).toEqual([]);
});

it('the lock file has a hash for each package, but for engines of other platforms that are not to be had here', () => {
  const without = locked.filter(([, { integrity }]) => integrity === undefined).map(([name]) => name);
  expect(without.sort()).toEqual(unhashed.map((name) => `node_modules/${name}`));
});
