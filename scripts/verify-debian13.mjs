// `npm run verify:debian13 [-- TEST…]`: the edge, contract and process tests in Debian 13 with Node 24, as the
// container has them. It makes a root with debootstrap, once, and enters it in a mount namespace of its own, so that
// nothing stays mounted however it ends.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from '../support/script-options.ts';

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
/** Not below the checkout, which is mounted in it. */
const cache = process.env.SLUICE_DEBIAN13_CACHE ?? '/var/tmp/sluice-debian13';
const root = join(cache, 'root');
const suite = 'trixie';
const nodeMajor = '24';
const tests = ['test/edge', 'test/server', 'test/contract', 'test/app/process.clickhouse.test.ts'];
const skipped = 77;

const { words } = readOptions({
  name: 'verify:debian13',
  about: `Tests in Debian 13 with Node ${nodeMajor}, in a root that is made once.
Exit code ${skipped} if something for it is missing.
TEST is a file or folder; by default ${tests.join(', ')}.`,
  words: '[TEST…]',
  options: {},
});
const missing = whatIsMissing();
if (missing !== null) {
  console.log(`verify:debian13: not run: ${missing}`);
  process.exit(skipped);
}
makeRoot();
process.exit(runTests(words.length > 0 ? words : tests));

function whatIsMissing() {
  if (process.platform !== 'linux') return 'it needs Linux.';
  if (process.getuid() !== 0) return 'it needs root, to make a root of its own and to enter it.';
  if (existsSync(join(root, 'made'))) return null;
  const hasDebootstrap = spawnSync('debootstrap', ['--version']).status === 0;
  return hasDebootstrap ? null : 'debootstrap is not installed (apt-get install debootstrap).';
}

/** A minute or two, the first time. */
function makeRoot() {
  if (existsSync(join(root, 'made'))) return;
  const unfinished = `${root}-${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  console.log(`verify:debian13: making Debian 13 in ${root} …`);
  const mirror = aptMirror();
  const words = ['--variant=minbase', '--include=ca-certificates,procps', suite, unfinished];
  run('debootstrap', mirror === null ? words : [...words, mirror]);
  installNode(unfinished);
  writeFileSync(join(unfinished, 'etc', 'hosts'), '127.0.0.1 localhost\n::1 localhost\n');
  mkdirSync(join(unfinished, 'sluice'), { recursive: true });
  writeFileSync(join(unfinished, 'made'), '');
  rmSync(root, { recursive: true, force: true });
  renameSync(unfinished, root);
}

/** Where this machine gets Debian from; null leaves it to debootstrap. */
function aptMirror() {
  const folder = '/etc/apt/sources.list.d';
  const files = [
    ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
    '/etc/apt/sources.list',
  ];
  for (const file of files) {
    if (!existsSync(file) || !/\.(list|sources)$/.test(file)) continue;
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => /^(deb\s|URIs:)/.test(line));
    const found = lines.join(' ').match(/\bhttps?:\/\/\S+\/debian\/?(?=\s|$)/);
    if (found !== null) return found[0];
  }
  return null;
}

/** Node from npm: the package of its own binary, without an install script. */
function installNode(into) {
  const folder = join(cache, 'node');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  const name = `node-linux-${arch}`;
  run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', `${name}@${nodeMajor}`]);
  copyFileSync(join(folder, 'node_modules', name, 'bin', 'node'), join(into, 'usr', 'local', 'bin', 'node'));
  rmSync(folder, { recursive: true, force: true });
}

/** Gives the exit code. */
function runTests(chosen) {
  const report = join(root, 'tmp', 'report.json');
  rmSync(report, { force: true });
  const inside = [
    'cd /sluice',
    'glibc=$(ldd --version | sed -n "1s/.* //p")',
    'echo "verify:debian13: $(cat /etc/debian_version), glibc $glibc, Node $(node --version)"',
    'node scripts/prepare.mjs',
    'report="--reporter=default --reporter=json --outputFile.json=/tmp/report.json"',
    'exec node node_modules/vitest/vitest.mjs run $report "$@"',
  ].join(' && ');
  const outside = [
    'root=$1; checkout=$2; inside=$3; shift 3',
    'mount --bind "$checkout" "$root/sluice"',
    'mount -t proc proc "$root/proc"',
    'mount --rbind /dev "$root/dev"',
    'path=/usr/local/bin:/usr/bin:/bin',
    'exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH="$path" sh -ec "$inside" sh "$@"',
  ].join('\n');
  const entered = ['--mount', '--propagation=private', 'sh', '-ec', outside, 'sh', root, checkout, inside, ...chosen];
  const { status } = spawnSync('unshare', entered, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (!existsSync(report)) return status || 1;
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'));
  const counts = `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests + numTodoTests} skipped`;
  console.log(`verify:debian13: ${counts}`);
  return status ?? 1;
}

function run(command, words) {
  execFileSync(command, words, { stdio: ['ignore', 'ignore', 'inherit'] });
}
