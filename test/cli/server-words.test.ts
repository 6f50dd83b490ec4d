/** Where the server's own words and those of the command line meet. */
import { expect, it } from 'vitest';
import { serverRows } from '../../cli/commands/server-commands.ts';
import { clusterHelp } from '../../src/commands/cluster.ts';
import { tokenHelp } from '../../src/commands/token.ts';
import { tokenOptions } from '../../src/commands/token-options.ts';
import { runCommand } from '../../support/command-line.ts';

it('the help of token names every option of token create, as the command itself does', async () => {
  const help = await serverRows.find(({ name }) => name === 'token')?.more?.();
  for (const name of Object.keys(tokenOptions.create)) {
    expect(help).toMatch(new RegExp(`--${name}\\b(?!-)`));
    expect(tokenHelp).toMatch(new RegExp(`--${name}\\b(?!-)`));
  }
});

it('the help of cluster names every word of it, as the command itself does', async () => {
  const row = serverRows.find(({ name }) => name === 'cluster');
  const help = `${row?.words} ${await row?.more?.()}`;
  const named = [...clusterHelp.matchAll(/sluice cluster (\w+)|(--\w+)/g)].map(([, word, flag]) => word ?? flag ?? '');
  expect(named.length).toBeGreaterThan(3);
  for (const word of named) expect(help).toContain(word);
});

it.each(['verify', 'dead-letter', 'adopt', 'recover', 'prefect'])(
  'the help of %s has the settings of its folder, and says where the rest is',
  async (name) => {
    const help = await serverRows.find((row) => row.name === name)?.more?.();
    expect(help).toMatch(/^ {2}--data-dir +SLUICE_DATA_DIR /m);
    expect(help).not.toContain('SLUICE_PORT');
    expect(help).toContain('`sluice serve --help` lists them all');
  },
);

it.each([
  ['--url', 'http://127.0.0.1:1', 'query'],
  ['--token=secret', 'query'],
  ['-q', 'tail'],
])('an option of a client before its command is no flag of the server: %s', async (...words) => {
  const { code, stdout, stderr } = await runCommand(words);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^sluice: \S+ stands behind a command: .*\n$/);
  expect(stderr).not.toContain('secret');
});
