/**
 * The command: `sluice [--flag value …]` runs the server until a signal, `sluice <command>` does one thing on a data folder,
 * `--help` says what there is and what can be set. Every expected failure is one sentence and exit code 1.
 */
import { adopt } from './adopt.ts';
import { type Config, readConfig, serviceLinks, settingsHelp } from './config.ts';
import { listDeadLetter, replayDeadLetter } from './dead-letter-command.ts';
import { Failure, StartRefused } from './errors.ts';
import { giveHeapRoom } from './heap-room.ts';
import { createLog, type Log } from './log.ts';
import { recoverJournal } from './recover-journal.ts';
import { type RunningSluice, startSluice } from './start-sluice.ts';
import { verify } from './verify.ts';

const help = `Sluice: events in by Prefect 3's API, durable, live, and counted by ClickHouse.

  npm start [-- --flag value …]          start the server
  npm start -- <command> [--flag value …]

Commands, for a data folder on which no Sluice runs:
  adopt                  take over the database that this data folder does not own, with a new epoch
  recover                go on from a damaged journal: keep what is good, set the rest aside
  verify                 compare the books with ClickHouse and with the journal; exit code 1 if they do not balance
  dead-letter            list the events that ClickHouse refused for their content (also while Sluice runs)
  dead-letter replay     try to insert them again; exit code 1 if some stay

Settings: flag, environment variable, meaning (default)
${settingsHelp()}
`;

/** Ctrl-C reaches this process twice under npm, from the terminal and from npm: within this time the two are one. */
const sameSignalMs = 500;

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  if (words.includes('--help') || words.includes('-h')) {
    process.stdout.write(help);
    return;
  }
  const firstFlag = words.findIndex((word) => word.startsWith('-'));
  const commandWords = firstFlag < 0 ? words : words.slice(0, firstFlag);
  const command = commands.get(commandWords.join(' '));
  if (command === undefined) {
    throw new StartRefused(`Unknown command ${commandWords.join(' ')}. \`npm start -- --help\` lists them all.`);
  }
  const config = readConfig(process.env, words.slice(commandWords.length));
  const log = createLog(config.logLevel);
  const links = serviceLinks(process.env);
  if (links.length > 0)
    log.info({ names: links }, 'these variables count as unset: an orchestrator sets them for a service');
  process.exitCode = (await command(config, log)) ? 0 : 1;
}

/** By their words; each resolves to whether all is well. */
const commandTable: Readonly<Record<string, (config: Config, log: Log) => Promise<boolean>>> = {
  async ''(config, log) {
    giveHeapRoom();
    await stopOnSignal(await startSluice(config, log, say), log);
    return true;
  },
  async adopt(config, log) {
    say(await adopt(config, log));
    return true;
  },
  async recover(config, log) {
    say(await recoverJournal(config, log));
    return true;
  },
  async verify(config, log) {
    return tell(await verify(config, log));
  },
  async 'dead-letter'(config) {
    for (const line of listDeadLetter(config)) say(line);
    return true;
  },
  async 'dead-letter replay'(config, log) {
    return tell(await replayDeadLetter(config, log));
  },
};
const commands = new Map(Object.entries(commandTable));

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function tell({ ok, text }: { readonly ok: boolean; readonly text: string }): boolean {
  say(text);
  return ok;
}

/** Resolves when a signal has stopped everything; a second signal ends the process at once. */
async function stopOnSignal(sluice: RunningSluice, log: Log): Promise<void> {
  await new Promise<void>((signalled) => {
    let firstAt = 0;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (firstAt === 0) {
        firstAt = Date.now();
        log.info({ signal }, 'stopping');
        signalled();
      } else if (Date.now() - firstAt > sameSignalMs) {
        process.exit(130);
      }
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
  await sluice.stop();
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    const isExpected = error instanceof StartRefused || error instanceof Failure;
    process.stderr.write(
      `sluice: ${isExpected ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exit(1);
  },
);
