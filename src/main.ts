/**
 * The command: `sluice [--flag value …]` runs the server until a signal, `sluice adopt` takes over a database, `sluice recover`
 * goes on from a damaged journal, `--help` says what can be set. Every expected failure is one sentence and exit code 1.
 */
import { adopt } from './adopt.ts';
import { type Config, readConfig, settingsHelp } from './config.ts';
import { StartRefused } from './errors.ts';
import { createLog, type Log } from './log.ts';
import { recoverJournal } from './recover-journal.ts';
import { type RunningSluice, startSluice } from './start-sluice.ts';

const help = `Sluice: events in by Prefect 3's API, durable, live, and counted by ClickHouse.

  npm start [-- --flag value …]          start the server
  npm start -- adopt [--flag value …]    take over the database that this data folder does not own, with a new epoch
  npm start -- recover [--flag value …]  go on from a damaged journal: keep what is good, set the rest aside

Settings: flag, environment variable, meaning (default)
${settingsHelp()}
`;

/** Ctrl-C reaches this process twice under npm, from the terminal and from npm: within this time the two are one. */
const sameSignalMs = 500;

/** Each resolves to a sentence. */
const commands: Readonly<Record<string, (config: Config, log: Log) => Promise<string>>> = {
  adopt,
  recover: recoverJournal,
};

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  if (words.includes('--help') || words.includes('-h')) {
    process.stdout.write(help);
    return;
  }
  const command = commands[words[0] ?? ''];
  const config = readConfig(process.env, command === undefined ? words : words.slice(1));
  const log = createLog(config.logLevel);
  if (command !== undefined) {
    process.stdout.write(`${await command(config, log)}\n`);
    return;
  }
  await stopOnSignal(await startSluice(config, log, (line) => process.stdout.write(`${line}\n`)), log);
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
  () => process.exit(0),
  (error: unknown) => {
    const isExpected = error instanceof StartRefused;
    process.stderr.write(
      `sluice: ${isExpected ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exit(1);
  },
);
