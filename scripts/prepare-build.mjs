// Installs what is missing and builds what is stale, and otherwise costs a few milliseconds. Plain JavaScript on Node
// alone, for it runs when nothing is installed yet.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, statSync, utimesSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const changed = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

/** What is said, and what npm and the compiler print, goes to this descriptor: the outputs of the process, 1 or 2. */
export async function prepareBuild(descriptor) {
  refuseOtherNodes();
  if (isInstalled() && isBuilt() && isConsoleBuilt()) return;
  const release = await takeTurn(descriptor);
  // Whoever had the turn before may have done it all.
  install(descriptor);
  build(descriptor);
  buildConsole(descriptor);
  release();
}

/** How often one that waits looks whether it is its turn. */
const turnMs = 100;

/** One process at a time builds a checkout: the kernel holds a socket for it, which goes with the process. */
async function takeTurn(descriptor) {
  const { dev, ino } = statSync(root, { bigint: true });
  for (let tries = 0; ; tries += 1) {
    const turn = process.platform === 'linux' ? await listen(`\0sluice-build-${dev}-${ino}`) : null;
    if (turn !== 'taken') return () => turn?.close();
    if (tries === 0) say(descriptor, 'another process builds this checkout: waiting for it');
    await new Promise((resolve) => setTimeout(resolve, turnMs));
  }
}

/** Null where there are no such sockets. */
function listen(path) {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', ({ code }) => resolve(code === 'EADDRINUSE' ? 'taken' : null));
    server.listen({ path, exclusive: true }, () => resolve(server));
  });
}

/** Makes the copy of the edge library's binary that this system needs, if any. */
export async function prepareEdge() {
  const { prepareUws } = await import(pathToFileURL(at('dist', 'src', 'server', 'uws.js')).href);
  try {
    prepareUws();
  } catch {
    // Where none fits, or no copy can be written here, the start says so itself, or makes the copy in its data folder.
  }
}

/** As in package.json. The edge library has binaries for these. */
function refuseOtherNodes() {
  const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
  if (![20, 22, 24].includes(major) || (major === 20 && (minor < 18 || (minor === 18 && patch < 1))))
    fail(`Sluice needs Node 20 (20.18.1 or later), 22 or 24; this is ${process.version}.`);
}

const isInstalled = () => changed(at('node_modules', '.package-lock.json')) >= changed(at('package-lock.json'));

/** Installs when there is no node_modules or the lock file is newer; an embedded engine that was left out stays out. */
function install(descriptor) {
  const marker = at('node_modules', '.package-lock.json');
  if (isInstalled()) return;
  // A link (as in a second work tree) leads to another checkout's packages, which npm ci would delete.
  if (existsSync(marker) && lstatSync(at('node_modules')).isSymbolicLink()) return;
  const leftOut = existsSync(marker) && !existsSync(at('node_modules', 'chdb'));
  const which = leftOut
    ? 'without the embedded ClickHouse, as before'
    : 'the embedded ClickHouse among them is large: a minute or so';
  say(descriptor, `installing packages (${which})`);
  const npm = process.env.npm_execpath;
  const words = ['ci', '--no-audit', '--no-fund', ...(leftOut ? ['--omit=peer'] : [])];
  run(descriptor, npm ? process.execPath : 'npm', npm ? [npm, ...words] : words, 'npm ci');
}

function isBuilt() {
  const sources = ['src', 'actors', 'schemas', 'client/src', 'cli', 'bench', 'support'].map((folder) =>
    newest(at(folder)),
  );
  const wanted = Math.max(
    ...sources,
    changed(at('package-lock.json')),
    changed(at('tsconfig.build.json')),
    changed(at('tsconfig.json')),
  );
  return existsSync(at('dist', 'src', 'main.js')) && changed(at('dist', '.tsbuildinfo')) >= wanted;
}

/** Compiles when a source is newer than the last build. tsc is plain JavaScript: no optional package is needed. */
function build(descriptor) {
  if (isBuilt()) return;
  const compiler = at('node_modules', 'typescript', 'bin', 'tsc');
  if (!existsSync(compiler)) {
    if (existsSync(at('dist', 'src', 'main.js'))) return;
    fail('There is no build in dist/ and no compiler to make one: run `npm ci` without --omit=dev once.');
  }
  say(descriptor, 'building');
  run(descriptor, process.execPath, [compiler, '-p', at('tsconfig.build.json')], 'the build');
  // The compiler leaves it as it is where what changed is no code, as a saved result of the bench.
  const now = new Date();
  utimesSync(at('dist', '.tsbuildinfo'), now, now);
}

const page = at('dist', 'web', 'index.html');
const builder = at('scripts', 'build-web.mjs');

function isConsoleBuilt() {
  const sources = ['web', 'client/src', 'schemas'].map((folder) => newest(at(folder)));
  return changed(page) >= Math.max(...sources, changed(builder), changed(at('package-lock.json')));
}

/** The console is bundled by WebAssembly: that too needs no optional package. */
function buildConsole(descriptor) {
  if (isConsoleBuilt()) return;
  if (!existsSync(at('node_modules', 'esbuild-wasm'))) {
    if (existsSync(page)) return;
    fail('There is no console in dist/web and nothing to make it: run `npm ci` without --omit=dev once.');
  }
  say(descriptor, 'building the console');
  run(descriptor, process.execPath, [builder], 'the build of the console');
}

function newest(folder) {
  let time = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) time = Math.max(time, changed(join(entry.parentPath ?? entry.path, entry.name)));
  }
  return time;
}

function run(descriptor, command, words, what) {
  const { status } = spawnSync(command, words, { cwd: root, stdio: ['ignore', descriptor, 2] });
  if (status !== 0) fail(`${what} failed.`);
}

function say(descriptor, text) {
  writeSync(descriptor, `sluice: ${text} …\n`);
}

function fail(sentence) {
  console.error(`sluice: ${sentence}`);
  process.exit(1);
}
