/**
 * Loads uWebSockets.js: native code that runs in this process. Which binary fits is chosen by Node and glibc, its
 * SHA-256 is looked at first, and its absence is a refused start with a sentence, not a stack trace.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { firstLineOf, StartRefused } from '../base/errors.ts';
import { packageRoot } from '../base/package-root.ts';
import { findOrMakeCopy, readChecked } from './lowered-copy.ts';
import {
  type Choice,
  chooseBinary,
  knownBinary,
  olderWarning,
  ownRefusal,
  refusalOf,
  release,
  type Surroundings,
  untestedWarning,
} from './uws-binaries.ts';

export type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  us_socket_context_t,
  WebSocket,
  WebSocketBehavior,
} from 'uWebSockets.js';
export type Uws = typeof import('uWebSockets.js');

export interface LoadedUws {
  readonly uws: Uws;
  /** One fast socket holds all others up unless its receive buffer is small: see receive-buffer.ts. */
  readonly needsSmallBuffer: boolean;
  /** What the log should say, or null. */
  readonly warning: string | null;
}

interface Installed {
  /** Folder of the package. */
  readonly folder: string;
  /** Not the release that we know: the operator put another in its place. */
  readonly isOwn: boolean;
}

const require = createRequire(import.meta.url);

/**
 * Throws StartRefused with a sentence. A copy that is missing is made in the data folder, or without one in the
 * package's.
 */
export function loadUws(dataDir: string | null = null, here: Surroundings = surroundings()): LoadedUws {
  const installed = findPackage();
  const choice = chooseBinary(here, installed.isOwn);
  if (choice === 'none') throw new StartRefused(installed.isOwn ? ownRefusal(here) : refusalOf(here));
  const needsSmallBuffer = choice !== 'older';
  const warning = choice === 'older' ? olderWarning(here) : choice === 'untested' ? untestedWarning : null;
  try {
    // The binary's exports are what the package's types describe.
    const uws = require(pathOf(choice, installed, here, dataDir)) as Uws;
    return { uws, needsSmallBuffer, warning };
  } catch (cause) {
    throw new StartRefused(
      `The edge library does not load: ${firstLineOf(cause).replace(/\.$/, '')}. If packages are damaged or ` +
        `missing, run \`npm ci\`.`,
      { cause },
    );
  }
}

/**
 * Makes the copy in the package's folder where one is needed: for `npm start`, before anything runs. Throws as loadUws.
 */
export function prepareUws(): void {
  const here = surroundings();
  const installed = findPackage();
  if (chooseBinary(here, installed.isOwn) === 'lowered') pathOf('lowered', installed, here, null);
}

function pathOf(
  choice: Exclude<Choice, 'none'>,
  installed: Installed,
  here: Surroundings,
  dataDir: string | null,
): string {
  const file = `uws_${here.platform}_${here.arch}_${here.abi}.node`;
  const source = join(installed.folder, file);
  const known = knownBinary(here);
  if (choice === 'older') return join(dirname(require.resolve('uwebsockets')), file);
  if (choice === 'untested' || installed.isOwn || known === undefined) return source;
  if (choice === 'lowered') return findOrMakeCopy(source, known, copyFolders(dataDir));
  readChecked(source, known.sha256);
  return source;
}

function copyFolders(dataDir: string | null): string[] {
  return [join(packageRoot, '.native'), ...(dataDir === null ? [] : [join(dataDir, 'native')])];
}

function findPackage(): Installed {
  try {
    const folder = dirname(require.resolve('uWebSockets.js'));
    const manifest = readFileSync(join(folder, 'package.json'), 'utf8');
    const { name, version } = JSON.parse(manifest) as Record<string, unknown>; // npm's
    return { folder, isOwn: name !== '@btc-vision/uwebsockets.js' || version !== release };
  } catch (cause) {
    throw new StartRefused('The package uWebSockets.js is not installed: run `npm ci`.', { cause });
  }
}

function surroundings(): Surroundings {
  const { platform, arch, version, versions } = process;
  return { platform, arch, node: version, abi: versions.modules, glibc: glibcVersion() };
}

function glibcVersion(): string | null {
  if (process.report === undefined) return null;
  const settings = process.report as { excludeNetwork?: boolean }; // newer than Node's types
  const { excludeNetwork = false } = settings;
  // Else the report looks up the names of peers, which can take seconds.
  settings.excludeNetwork = true;
  const report: unknown = process.report.getReport();
  settings.excludeNetwork = excludeNetwork;
  const header: unknown = typeof report === 'object' && report !== null && 'header' in report ? report.header : null;
  if (typeof header !== 'object' || header === null || !('glibcVersionRuntime' in header)) return null;
  return String(header.glibcVersionRuntime);
}
