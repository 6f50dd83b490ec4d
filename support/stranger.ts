/**
 * Another user of this machine: asks a server over HTTP from a process of its own, as `nobody` where the tests run as
 * root (elsewhere as who runs them, for whom the answers must be the same).
 */
import { execFile } from 'node:child_process';

export interface StrangerAsk {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'OPTIONS' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface StrangerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What a stranger may read of a file: its text, or the error's code. */
export type StrangerRead = { readonly text: string } | { readonly code: string };

const nobody = 65_534;
const source = `
const { readFileSync } = require('node:fs');
const { asks, files } = JSON.parse(readFileSync(0, 'utf8'));
const ask = async ({ url, method, headers, body }) => {
  const answer = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(10000) });
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
};
const read = (file) => {
  try { return { text: readFileSync(file, 'latin1') }; } catch (error) { return { code: error.code }; }
};
(async () => {
  const answers = [];
  for (const one of asks) answers.push(await ask(one));
  process.stdout.write(JSON.stringify({ answers, reads: files.map(read) }));
})();
`;

export function asStranger(
  asks: readonly StrangerAsk[],
  files: readonly string[],
): Promise<{ answers: StrangerAnswer[]; reads: StrangerRead[] }> {
  const isRoot = process.getuid?.() === 0;
  const options = {
    cwd: '/',
    maxBuffer: 2 ** 26,
    timeout: 60_000,
    env: {},
    ...(isRoot && { uid: nobody, gid: nobody }),
  };
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, ['-e', source], options, (error, stdout) => {
      if (error === null) resolve(JSON.parse(stdout));
      else reject(error);
    });
    child.stdin?.end(JSON.stringify({ asks, files }));
  });
}
