#!/usr/bin/env node
// The command `sluice`: installs and builds what is missing, with all its words on stderr, then loads the one part that
// its words name: the server and its data folder, or the command line. Plain JavaScript on Node alone.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const load = (...parts) => import(pathToFileURL(join(root, ...parts)).href);
const ofServer = ['serve', 'verify', 'dead-letter', 'adopt', 'recover', 'token', 'prefect', 'cluster'];

const words = process.argv.slice(2);
const [first = 'serve'] = words;
const asksForHelp = words.includes('--help') || words.includes('-h');
const isFlag = first.startsWith('-') && !['--version', '-V'].includes(first);
// Before a command only the server's flags can stand: these are none.
const [flag] = first.split('=');
if (!asksForHelp && ['--url', '--token', '--token-file', '--profile', '--quiet', '-q'].includes(flag)) {
  console.error(`sluice: ${flag} stands behind a command: \`sluice query --url http://127.0.0.1:4200\`.`);
  process.exit(2);
}
// With a Prefect server, verify asks two servers that run.
const asksPrefect = first === 'verify' && words.some((word) => /^--prefect(=|$)/.test(word));
const isServer = !asksForHelp && !asksPrefect && (isFlag || ofServer.includes(first));

// In an image or an installed package there is nothing to build.
const isCheckout = existsSync(join(root, 'scripts', 'prepare-build.mjs'));
const prepare = isCheckout ? await load('scripts', 'prepare-build.mjs') : null;
await prepare?.prepareBuild(2);

if (isServer) {
  await prepare?.prepareEdge();
  if (first === 'serve') process.argv.splice(2, 1);
  await load('dist', 'src', 'main.js');
} else {
  const { runProcess } = await load('dist', 'cli', 'main.js');
  await runProcess(process);
}
