/**
 * The commands of the server and its data folder: rows for the help and the completion alone, for bin/sluice.mjs hands
 * them to the server's own program.
 */
import type { Config } from '../../src/config/config.ts';
import { type CommandRow, textOption } from '../command-row.ts';
import { CommandError } from '../exit-codes.ts';
import { connectionOptions } from '../options.ts';
import { prefectOptions } from '../prefect-target.ts';

/** What a command of a stopped folder reads: the folder alone, or its ClickHouse too. */
const folderSettings = ['dataDir', 'durability', 'logLevel'] as const;
const storeSettings = [
  ...folderSettings,
  ...(['clickhouseUrl', 'clickhousePassword', 'clickhouseCluster', 'clickhouseDdl'] as const),
];

/** The server's flags are all settings; the parser of its own program reads them. */
function serverRow(
  row: Pick<CommandRow, 'name' | 'summary' | 'examples' | 'more'> & Partial<Pick<CommandRow, 'words'>>,
): CommandRow {
  return { words: '', options: [], run: elsewhere, ...row };
}

/** With `--prefect` it asks two running servers; without, it is a command of the data folder. */
const verifyRow: CommandRow = {
  name: 'verify',
  words: '',
  summary:
    'compare the books of a stopped data folder with ClickHouse and the journal; or Sluice with a Prefect server',
  options: [
    ...prefectOptions,
    { flags: '--since <time>', help: 'with --prefect: how far back, until a minute ago', fallback: '1h' },
    { flags: '--rest <time>', help: 'with --prefect: what is younger may be on its way', fallback: '1m' },
    { flags: '--repair', help: 'with --prefect: send to Prefect what it lacks' },
    ...connectionOptions,
  ],
  examples: [
    { words: 'sluice verify --data-dir /var/lib/sluice', says: 'Exit code 1 if the books do not balance' },
    {
      words: 'sluice verify --prefect http://127.0.0.1:4200 --url http://127.0.0.1:4201 --since 2h',
      says: 'By id, while both run; exit code 1 if one of them lacks an event',
    },
  ],
  more: someSettings(storeSettings),
  run: async (call) => {
    if (textOption(call, 'prefect') === undefined) return elsewhere();
    return (await import('../run/verify-prefect.ts')).runVerifyPrefect(call);
  },
};

export const serverRows: readonly CommandRow[] = [
  serverRow({
    name: 'serve',
    summary: 'run the server until Ctrl-C; the same as no command',
    examples: [
      { words: 'sluice serve', says: 'Serve on 127.0.0.1:4200 with an embedded ClickHouse in ./data' },
      { words: 'sluice serve --port 4300 --data-dir /var/lib/sluice', says: 'On another port, with another folder' },
      { words: 'npm start -- --port 4300', says: 'The same from a checkout' },
    ],
    more: allSettings,
  }),
  verifyRow,
  serverRow({
    name: 'dead-letter',
    summary: 'list the events that ClickHouse refused for their content, or try to insert them again',
    examples: [
      { words: 'sluice dead-letter', says: 'List them; also while Sluice runs' },
      { words: 'sluice dead-letter replay', says: 'Insert them again; exit code 1 if some stay' },
      { words: 'sluice dead-letter drop --all --dry-run', says: 'Which events of gateways would be given up' },
    ],
    words: '[replay|drop]',
    more: someSettings(storeSettings),
  }),
  serverRow({
    name: 'adopt',
    summary: 'take over the database that this data folder does not own, with a new epoch',
    examples: [
      { words: 'sluice adopt --data-dir /var/lib/sluice', says: 'After a folder was lost, or a database was swapped' },
    ],
    more: someSettings(storeSettings),
  }),
  serverRow({
    name: 'recover',
    summary: 'go on from a damaged journal or writer’s state: keep what is good, set the rest aside',
    examples: [
      { words: 'sluice recover --data-dir /var/lib/sluice', says: 'When a start says that the journal is damaged' },
    ],
    more: someSettings(folderSettings),
  }),
  serverRow({
    name: 'prefect',
    summary: 'of a stopped data folder: give up what waits to be forwarded to a Prefect server that stays away',
    examples: [{ words: 'sluice prefect skip', says: 'verify --prefect URL --repair can send it later' }],
    words: '<skip>',
    more: someSettings(folderSettings),
  }),
  serverRow({
    name: 'cluster',
    summary:
      'how all gateways that share a log stand; let one go for good; make one of a single Sluice; go on after a loss',
    examples: [
      { words: 'sluice cluster status', says: 'Exit code 1 if something is wrong, each in a sentence' },
      { words: 'sluice cluster status --json', says: 'The same for a program' },
      { words: 'sluice cluster leave three', says: 'Once gateway three was stopped, and its spool is empty' },
      { words: 'sluice cluster upgrade', says: 'Once all gateways have a version that knows the next rules' },
      { words: 'sluice cluster init --from data', says: 'That single Sluice is stopped, and gateways go on from it' },
      { words: 'sluice cluster recover --data-dir data', says: 'All gateways are stopped; this one has applied most' },
    ],
    words: '<status|leave|skip|upgrade|init|recover> [id]',
    more: async () => `\n\n${clusterText}`,
  }),
  serverRow({
    name: 'token',
    summary: 'make, list and revoke the tokens of a data folder, also while Sluice runs',
    examples: [
      { words: 'sluice token create --name ann --read --expires 30d', says: 'For reading; it is printed this once' },
      { words: 'sluice token list', says: 'All of them, with their rights and ends' },
      { words: 'sluice token revoke ann', says: 'Its connections end within a second' },
    ],
    words: '<create|list|revoke> [name]',
    more: async () => `\n\n${tokenText}`,
  }),
];

const clusterText = `SLUICE_LOG names the NATS servers, as nats://host:4222, and SLUICE_LOG_NAME the shared log;
the settings of SLUICE_LOG_CREDS_FILE and of TLS are as for a gateway.
status, leave, skip and upgrade need no data folder: any machine that reaches NATS will do.

status lists, of the shared log: the messages that are kept and their bytes, who writes into ClickHouse,
the seq up to which all is there, and who forwards to Prefect; of each gateway:
  state                 living; ended: it was stopped; silent: nothing is heard of it, and nobody stopped it
  applied, behind       the newest message that it has applied, and how many it has not
  spool                 events that it has taken and the shared log may not have
  rules                 by which it applies blocks: all must have those of the shared log

leave is refused while the gateway lives, and while its spool may hold what nobody else has.
  --lost                its folder is gone: give up what only its spool had

skip gives up what waits to be forwarded to a Prefect server that stays away, while the gateways run.
\`sluice verify --prefect URL --repair\` can send it later.

upgrade lets all gateways apply the log by the next rules, from one message on; refused while one that lives does not
know them.

init makes a new shared log that goes on from the stopped folder of a single Sluice: what the folder has goes into
ClickHouse, and the gateways begin behind it, each on a new folder. It takes the settings that the gateways will have,
and may be run again.
  --from <folder>       the data folder of the single Sluice

recover works on the stopped folder of the gateway that has applied most, with all its settings, while no
gateway runs: what its replica has goes into ClickHouse, and a stream of a new epoch is made. It may be run again.
docs/SCALE.md has all steps.
  --anew                also where the stream could be followed as it is

Options:
  --json                of status: one object, with what is wrong under faults`;

const tokenText = `Options of create:
  --name <name>         what it is called; 1 to 64 letters, digits and . _ @ + -
  --read                it may ask, count, export and subscribe
  --write               it may send events
  --admin               it may see numbers, connections and the dead letter
  --expires <time>      45s, 90m, 12h or 30d from now, or a time; by default never
  --filter <json>       what its reads may show at most, as the API's filter
  --label <key=value>   set on the resource of every event that it sends
  --rate <n>            events a second, at most
  --rate-bytes <n>      bytes a second, at most
  --connections <n>     sockets and event streams at once
  --queries <n>         pages, counts and exports at once
  --json                all of it as JSON, also for list

The folder is that of --data-dir or SLUICE_DATA_DIR. A token needs a name and one right at least.`;

const settingsTitle = 'Settings: flag, environment variable, meaning (default)';

async function allSettings(): Promise<string> {
  const { settingsHelp } = await import('../../src/config/config.ts');
  return `\n\n${settingsTitle}\n${settingsHelp()}`;
}

function someSettings(names: readonly (keyof Config)[]): () => Promise<string> {
  return async () => {
    const { settingsHelp } = await import('../../src/config/config.ts');
    const others = 'It takes every setting of the server, as that has them: `sluice serve --help` lists them all.';
    return `\n\n${settingsTitle}\n${settingsHelp(names)}\n\n${others}`;
  };
}

async function elsewhere(): Promise<number> {
  throw new CommandError('This is a command of the server: call it by bin/sluice.mjs.');
}
