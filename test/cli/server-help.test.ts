/** The help of the server's own commands, which stands beside their programs. */
import { expect, it } from 'vitest';
import { serverRows } from '../../cli/commands/server-commands.ts';
import { tokenHelp } from '../../src/commands/token.ts';
import { tokenOptions } from '../../src/commands/token-options.ts';

it('of token names every option of token create, as the command itself does', async () => {
  const help = await serverRows.find(({ name }) => name === 'token')?.more?.();
  for (const name of Object.keys(tokenOptions.create)) {
    expect(help).toMatch(new RegExp(`--${name}\\b(?!-)`));
    expect(tokenHelp).toMatch(new RegExp(`--${name}\\b(?!-)`));
  }
});
