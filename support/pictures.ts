/**
 * `npm run pictures`: makes the pictures of the command line and of `/docs` in docs/pictures anew, from a real Sluice
 * under a load. They are drawn by Chromium, terminals by xterm.js, which is fetched once into `.tmp/`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type NewEvent, type Publisher } from '../client/src/node.ts';
import { runCommand, startCommand } from './command-line.ts';
import { type Browser, findChromium } from './peers/chromium.ts';
import { repositoryRoot } from './peers/sluice.ts';
import { installPackage } from './peers/validators.ts';
import { randomFrom } from './random.ts';
import { readOptions } from './script-options.ts';
import { removeData, startSluice } from './sluice.ts';

const root = repositoryRoot();
const pictures = join(root, 'docs', 'pictures');
const pin = '@xterm/xterm@6.0.0';
const [columns, rows] = [100, 24];
/** Of a cell of the terminal, in pixels. */
const cell = { width: 9.1, height: 18.2 };
const names = ['door.opened', 'door.opened', 'door.closed', 'lift.moved', 'lift.moved', 'lift.moved', 'alarm.rang'];
const pastEvents = 60_000;
const pastMs = 3 * 60 * 60 * 1000;
const loadMs = 12_000;

/** More of them lately than hours ago. */
function eventAt(occurredMs: number, random: () => number): NewEvent {
  const nth = Math.floor(random() * 40);
  return {
    event: names[Math.floor(random() * names.length)] ?? 'door.opened',
    occurred: new Date(occurredMs).toISOString(),
    resource: { 'prefect.resource.id': `door.${nth}`, region: nth % 3 === 0 ? 'us' : 'eu' },
    payload: { by: 'ann', nth },
  };
}

async function send(events: Publisher, event: NewEvent): Promise<void> {
  while (!events.enqueue(event)) await events.room();
}

/** A page with what a command printed, in a terminal. */
function terminalPage(folder: string, printed: string): string {
  const file = join(folder, 'terminal.html');
  const read = (name: string): string => readFileSync(join(folder, 'node_modules', '@xterm', 'xterm', name), 'utf8');
  const options = { cols: columns, rows, fontSize: 15, fontFamily: 'monospace', cursorInactiveStyle: 'none' };
  writeFileSync(
    file,
    `<!doctype html><meta charset="utf-8"><style>${read('css/xterm.css')}body{margin:8px;background:#000}</style>
<div id="terminal"></div><script>${read('lib/xterm.js')}</script><script>
const terminal = new Terminal(${JSON.stringify(options)});
terminal.open(document.getElementById('terminal'));
terminal.write(${JSON.stringify(printed).replaceAll('<', '\\u003c')}, () => { document.title = 'drawn'; });
</script>`,
  );
  return `file://${file}`;
}

async function take(browser: Browser, url: string, name: string, size: { width: number; height: number }) {
  const page = await browser.newPage({ viewport: size, colorScheme: 'light' });
  await page.goto(url);
  await pause(1_000);
  await page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled' });
  await page.close();
}

readOptions({ name: 'pictures', about: 'Draws docs/pictures anew, of a real Sluice under load.', options: {} });
const chromium = await findChromium(root);
if (!chromium.found) throw new Error(chromium.sentence);
const terminal = await installPackage(join(root, '.tmp', 'xterm'), pin);
if (!terminal.found) throw new Error(terminal.sentence);
const { folder } = terminal;
mkdirSync(pictures, { recursive: true });
const server = await startSluice();
const sluice = connect({ url: server.url });
const env = { SLUICE_URL: server.url };
const random = randomFrom(7);
const publisher = sluice.publisher();
for (let nth = 0; nth < pastEvents; nth += 1) {
  await send(publisher, eventAt(Date.now() - random() ** 1.2 * pastMs, random));
}
const tails = [['event:door.*'], ['region=eu'], []].map((words) =>
  startCommand(['tail', ...words, '-o', 'ndjson'], { env }),
);
const top = startCommand(['top'], { env, columns });
const endMs = Date.now() + loadMs;
while (Date.now() < endMs) {
  for (let nth = 0; nth < 5; nth += 1) await send(publisher, eventAt(Date.now(), random));
  await pause(10);
}
const shownTop = top.stdout();
top.child.stdin.write('q');
await Promise.all([top.ended, publisher.close()]);
for (const { child } of tails) child.kill('SIGINT');
const words = ['count', 'time', '--by', '10m', '--since', '3h'];
const { stdout: shownCount } = await runCommand(words, { env, columns });
const browser = await chromium.launch();
const terminalSize = { width: Math.round(columns * cell.width) + 16, height: Math.round(rows * cell.height) + 16 };
await take(browser, terminalPage(folder, shownTop), 'top', terminalSize);
await take(browser, terminalPage(folder, `$ sluice ${words.join(' ')}\r\n${shownCount}`), 'count', terminalSize);
await take(browser, `${server.url}/docs`, 'docs', { width: 1100, height: 700 });
await browser.close();
await server.stop();
removeData(server);
