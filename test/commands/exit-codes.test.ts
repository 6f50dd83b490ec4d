/**
 * The words of the server and its data folder end as all other commands do: wrong usage is 2, another failure is 1.
 */
import { afterEach, expect, it } from 'vitest';
import { cleanUp, runBare } from '../../support/bare-sluice.ts';

afterEach(cleanUp);

const wrong: readonly (readonly string[])[] = [
  ['--no-such-flag'],
  ['--port'],
  ['--port', 'many'],
  ['--durability', 'maybe'],
  ['--auth-string', 'me:secret'],
  ['--clickhouse-url', 'http://me:secret@127.0.0.1:8123'],
  ['nothing-of-ours'],
  ['recover', 'all'],
  ['adopt', '--no-such-flag'],
  ['token'],
  ['token', 'make'],
  ['token', 'create', '--name', 'ci'],
  ['token', 'create', '--name', 'ci', '--read', '--expires', 'soon'],
  ['token', 'create', '--name', 'ci', '--read', '--filter', '{'],
  ['token', 'create', '--name', 'ci', '--read', '--no-such-flag'],
  ['token', 'list', '--no-such-flag'],
  ['token', 'revoke'],
];

it('law: wrong words are one sentence and 2', async () => {
  const told = await Promise.all(
    wrong.map(async (words) => {
      const { ended, output } = runBare({ words });
      return [words, await ended, output()];
    }),
  );
  expect(told).toEqual(wrong.map((words) => [words, 2, expect.stringMatching(/^sluice: /)]));
});

it('law: what is rightly asked and cannot be is 1, and so is a bad variable', async () => {
  const asked: readonly { readonly words: readonly string[]; readonly env?: Record<string, string> }[] = [
    { words: ['token', 'revoke', 'nobody'] },
    { words: ['prefect', 'skip'] },
    { words: [], env: { SLUICE_PORT: 'many' } },
    { words: [], env: { SLUICE_HOST: 'no.such.host.invalid' } },
  ];
  const codes = await Promise.all(asked.map(async (one) => [one, await runBare(one).ended]));
  expect(codes).toEqual(asked.map((one) => [one, 1]));
});
