/** The parser of the command line, made from the rows of the commands. */
import { Command, CommanderError, Option } from 'commander';
import type { CommandRow, Example, OptionRow, OptionValues } from './command-row.ts';

export interface Chosen {
  readonly row: CommandRow;
  readonly words: readonly string[];
  readonly options: OptionValues;
}

export interface ProgramOutput {
  readonly write: (text: string) => void;
  readonly complain: (text: string) => void;
  readonly columns: number;
}

const title = 'Sluice: events in by Prefect 3’s API, durable, live, and counted by ClickHouse.';
const ending = `
Without a command it serves, as \`sluice serve\`.
The server is named by --url, SLUICE_URL or a profile, its token by --token-file, SLUICE_TOKEN or a profile.
Exit codes: 0 ok, 1 error, 2 wrong usage, 3 events may be missing.
\`sluice COMMAND --help\` has examples.`;

/** What the words ask for; null where they asked for help or the version, which is written. Throws CommanderError. */
export async function parse(
  rows: readonly CommandRow[],
  words: readonly string[],
  version: string,
  output: ProgramOutput,
): Promise<Chosen | null> {
  const chosen: Chosen[] = [];
  const row = rows.find(({ name }) => name === words[0]);
  const more = words.some((word) => word === '--help' || word === '-h') ? ((await row?.more?.()) ?? '') : '';
  const program = setUp(new Command('sluice'), output)
    .description(title)
    .version(version, '-V, --version', 'print the version')
    .helpCommand('help [command]', 'the help of a command')
    .addHelpText('after', ending);
  for (const each of rows) program.addCommand(commandOf(each, more, output, (found) => chosen.push(found)));
  try {
    program.parse(liftNegatedTerms(row, words), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return null;
    throw error;
  }
  return chosen[0] ?? null;
}

function commandOf(row: CommandRow, more: string, output: ProgramOutput, choose: (chosen: Chosen) => void): Command {
  const command = setUp(new Command(row.name), output)
    .summary(row.summary)
    .description(`${row.summary[0]?.toUpperCase()}${row.summary.slice(1)}.`)
    .addHelpText('after', `\n${examplesText(row.examples)}${more}`);
  if (row.words !== '') command.arguments(row.words);
  for (const option of row.options) command.addOption(optionOf(option));
  return command.action(() => choose({ row, words: command.args, options: command.opts<OptionValues>() }));
}

function setUp(command: Command, { write, complain, columns }: ProgramOutput): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureHelp({ helpWidth: columns })
    .configureOutput({
      writeOut: write,
      writeErr: complain,
      outputError: (text, write) =>
        write(
          `sluice: ${text.replace(/^error: /, '').trim()}. \`sluice ${helpOf(command)}--help\` lists what there is.\n`,
        ),
    });
}

function helpOf(command: Command): string {
  return command.name() === 'sluice' ? '' : `${command.name()} `;
}

function optionOf({ flags, help, choices, fallback, isRepeatable, isHidden }: OptionRow): Option {
  const option = new Option(flags, help);
  if (choices !== undefined) option.choices(choices);
  if (fallback !== undefined) option.default(fallback);
  if (isHidden === true) option.hideHelp();
  if (isRepeatable === true) {
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  }
  return option;
}

function examplesText(examples: readonly Example[]): string {
  return ['Examples:', ...examples.flatMap(({ words, says }) => [`  ${says}`, `    $ ${words}`])].join('\n');
}

/**
 * `-event:x` and `-region=eu` are terms of a filter, but short options to a parser: they go behind `--`, where all is
 * taken as it is. The values of options stay where they are.
 */
export function liftNegatedTerms(row: CommandRow | undefined, words: readonly string[]): string[] {
  if (row === undefined || !row.words.includes('[filter...]')) return [...words];
  const takesValue = new Set(
    row.options.filter(({ flags }) => flags.includes('<')).flatMap(({ flags }) => names(flags)),
  );
  const terms: string[] = [];
  const others: string[] = [];
  const end = words.indexOf('--');
  const before = end < 0 ? words : words.slice(0, end);
  for (let at = 0; at < before.length; at += 1) {
    const word = before[at] ?? '';
    const isValue = takesValue.has(before[at - 1] ?? '') && at > 0;
    if (!isValue && /^-[^-:=][^:=]+[:=]/.test(word)) terms.push(word);
    else others.push(word);
  }
  const behind = end < 0 ? [] : words.slice(end + 1);
  return terms.length + behind.length === 0 ? others : [...others, '--', ...terms, ...behind];
}

function names(flags: string): string[] {
  return flags.match(/--?[a-z-]+/g) ?? [];
}
