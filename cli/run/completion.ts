/** `sluice completion SHELL`: commands, options and their choices, from the rows that parser and help are made of. */
import type { Call, CommandRow, OptionRow } from '../command-row.ts';
import { exitCodes, UsageError } from '../exit-codes.ts';

export async function runCompletion(call: Call, rows: readonly CommandRow[]): Promise<number> {
  const [shell = ''] = call.words;
  const make = shells.get(shell);
  if (make === undefined) throw new UsageError(`There is a completion for bash, zsh and fish, not for "${shell}".`);
  await call.terminal.print(make(rows));
  return exitCodes.ok;
}

const shells = new Map([
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
]);

interface Flag {
  readonly long: string;
  readonly short: string;
  readonly takesValue: boolean;
  readonly row: OptionRow;
}

function flagsOf({ options }: CommandRow): Flag[] {
  return options
    .filter(({ isHidden }) => isHidden !== true)
    .map((row) => ({
      long: /--[a-z-]+/.exec(row.flags)?.[0] ?? '',
      short: /^-[a-z]\b/.exec(row.flags)?.[0] ?? '',
      takesValue: row.flags.includes('<'),
      row,
    }));
}

function firstWords({ words }: CommandRow): readonly string[] {
  const [, choices = ''] = /^[<[]([a-z|]+)[>\]]/.exec(words) ?? [];
  return choices.includes('|') ? choices.split('|') : [];
}

/** In single quotes, for every shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function bash(rows: readonly CommandRow[]): string {
  const ofCommand = rows.map((row) => {
    const words = [...flagsOf(row).map(({ long }) => long), '--help', ...firstWords(row)];
    return `    ${row.name}) words=${quoted(words.join(' '))} ;;`;
  });
  const choices = rows.flatMap((row) =>
    flagsOf(row)
      .filter((flag) => flag.row.choices !== undefined)
      .flatMap(({ long, short, row: { choices: all = [] } }) =>
        [long, short]
          .filter((flag) => flag !== '')
          .map((flag) => `    ${row.name}:${flag}) words=${quoted(all.join(' '))} ;;`),
      ),
  );
  return `_sluice() {
  local current=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=${quoted(rows.map(({ name }) => name).join(' '))}
  else
    case "$command" in
${ofCommand.join('\n')}
    esac
    case "$command:\${COMP_WORDS[COMP_CWORD-1]}" in
${choices.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _sluice sluice
`;
}

function zsh(rows: readonly CommandRow[]): string {
  const names = rows.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const ofCommand = rows.map((row) => {
    const flags = flagsOf(row).map(({ long, takesValue, row: { help, choices } }) => {
      const told = help.replace(/[[\]:]/g, ' ');
      const values = choices === undefined ? '_files' : `(${choices.join(' ')})`;
      return quoted(`*${long}[${told}]${takesValue ? `:value:${values}` : ''}`);
    });
    const words =
      firstWords(row).length === 0 ? quoted('*:word:_files') : quoted(`1:word:(${firstWords(row).join(' ')})`);
    return `    ${row.name}) _arguments ${[...flags, quoted('--help[examples]'), words].join(' ')} ;;`;
  });
  return `#compdef sluice
_sluice() {
  local -a commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case "$command" in
${ofCommand.join('\n')}
  esac
}
if [ "$funcstack[1]" = _sluice ]; then _sluice "$@"; else compdef _sluice sluice; fi
`;
}

function fish(rows: readonly CommandRow[]): string {
  const lines = rows.flatMap((row) => {
    const within = `complete -c sluice -n '__fish_seen_subcommand_from ${row.name}'`;
    const flags = flagsOf(row).map(({ long, short, takesValue, row: { help, choices } }) => {
      const values = choices === undefined ? '' : ` -x -a ${quoted(choices.join(' '))}`;
      const letter = short === '' ? '' : ` -s ${short.slice(1)}`;
      return `${within} -l ${long.slice(2)}${letter}${takesValue ? values || ' -r' : ''} -d ${quoted(help)}`;
    });
    const words = firstWords(row).map((word) => `${within} -f -a ${word}`);
    return [
      `complete -c sluice -n __fish_use_subcommand -f -a ${row.name} -d ${quoted(row.summary)}`,
      ...flags,
      ...words,
    ];
  });
  return `${lines.join('\n')}\n`;
}
