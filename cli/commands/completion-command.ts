/** The command that writes the completion for a shell. */
import type { CommandRow } from '../command-row.ts';

/** `rows` are all commands, this one too: asked when it is called. */
export function completionRow(rows: () => readonly CommandRow[]): CommandRow {
  return {
    name: 'completion',
    words: '<bash|zsh|fish>',
    summary: 'print the completion of commands and options for a shell',
    options: [],
    examples: [
      { words: 'eval "$(sluice completion bash)"', says: 'In ~/.bashrc' },
      { words: 'sluice completion zsh > ~/.zfunc/_sluice', says: 'Once, for zsh, with ~/.zfunc in its fpath' },
      { words: 'sluice completion fish > ~/.config/fish/completions/sluice.fish', says: 'Once, for fish' },
    ],
    run: async (call) => (await import('../run/completion.ts')).runCompletion(call, rows()),
  };
}
