/**
 * The command: `sluice [--flag value …]` runs the server until a signal, `sluice <command>` does one thing on a data
 * folder, `--help` says what there is and what can be set.
 */

import { openAudit } from '../access/audit.ts';
import type { FolderCommand } from '../access/audit-facts.ts';
import { folderTokens } from '../access/token-file.ts';
import { startSluice } from '../app/start-sluice.ts';
import { StartRefused, WrongUsage } from '../base/errors.ts';
import { createLog, flushLog, type Log } from '../base/log.ts';
import { Output } from '../base/output.ts';
import { type Config, readConfig, serviceLinks, settingsHelp } from '../config/config.ts';
import { gatewayOf } from '../config/gateway-settings.ts';
import { CommandTokens } from '../gateway/command-tokens.ts';
import { refuseGatewayFolder, refuseOnGatewayFolder } from '../gateway/gateway-folder.ts';
import { adopt } from './adopt.ts';
import { runCluster } from './cluster.ts';
import { listDeadLetter, replayStopped } from './dead-letter-command.ts';
import { dropDead } from './drop-dead.ts';
import { giveHeapRoom } from './heap-room.ts';
import { skipForwarding } from './prefect-skip.ts';
import { recoverJournal } from './recover-journal.ts';
import { listShared, refuseReplay } from './shared-dead-letter.ts';
import { sentenceOf } from './start-sentence.ts';
import { exitCodeOf, type StopSignals } from './stop-signals.ts';
import { runToken } from './token.ts';
import { verify } from './verify.ts';
import { type Done, runWrittenDown } from './written-down.ts';

const help = `Sluice: events in by Prefect 3's API, durable, live, and counted by ClickHouse.

  npm start [-- --flag value …]          start the server
  npm start -- <command> [--flag value …]

Commands, for a data folder on which no Sluice runs:
  adopt                  take over the database that this data folder does not own, with a new epoch
  recover                go on from a damaged journal or writer's state: keep what is good, set the rest aside
  verify                 compare the books with ClickHouse and with the journal; exit code 1 if they do not balance
  dead-letter            list the events that ClickHouse refused for their content (also while Sluice runs)
  dead-letter replay     try to insert them again; exit code 1 if some stay
  prefect skip           give up what waits to be forwarded to a Prefect server that stays away
  token                  make, list and revoke tokens (also while Sluice runs)

Commands, for gateways that share a log:
  cluster status         how all of them stand; exit code 1 if something is wrong
  cluster leave ID       let a gateway go for good
  cluster skip           give up what waits to be forwarded to a Prefect server that stays away
  cluster upgrade        let all gateways apply by the next rules, once all know them
  cluster init           make a cluster of a single Sluice: --from its data folder
  dead-letter drop       give up events of their dead letter: --seq N[,N…] or --all; --dry-run only says which
  cluster recover        go on after a NATS that lost the shared log, or went back, with a new epoch

Settings: flag, environment variable, meaning (default)
${settingsHelp()}
`;

/** How long the end waits for what is left in the queues of both outputs. */
const flushMs = 500;

/**
 * Resolves to whether all is well. Rejects with StartRefused for every failure that is no fault of ours, of these with
 * WrongUsage for wrong words.
 */
export async function runCommand(
  environment: Environment,
  words: readonly string[],
  signals: StopSignals,
): Promise<boolean> {
  if (words.includes('--help') || words.includes('-h')) {
    await print(help);
    return true;
  }
  if (words[0] === 'token') return sayToken(environment, words.slice(1));
  if (words[0] === 'cluster') {
    const { ok, stdout: told, stderr } = await runCluster(environment, words.slice(1));
    process.stderr.write(stderr);
    await print(told);
    return ok;
  }
  if (words[0] === 'dead-letter' && words[1] === 'drop') {
    await print(`${await dropDead(environment, words.slice(2))}\n`);
    return true;
  }
  const firstFlag = words.findIndex((word) => word.startsWith('-'));
  const commandWords = firstFlag < 0 ? words : words.slice(0, firstFlag);
  const command = commands.get(commandWords.join(' '));
  if (command === undefined) {
    throw new WrongUsage(`Unknown command ${commandWords.join(' ')}. \`sluice --help\` lists them all.`);
  }
  const config = readConfig(environment, words.slice(commandWords.length));
  const log = createLog(config.logLevel);
  const links = serviceLinks(environment);
  if (links.length > 0)
    log.info({ names: links }, 'these variables count as unset: an orchestrator sets them for a service');
  try {
    const words = commandWords.join(' ');
    const settings = words === 'dead-letter replay' ? gatewayOf(config) : null;
    if (settings !== null) return await refuseReplay(config.dataDir, settings);
    if (singleCommands.includes(words)) refuseOnGatewayFolder(config.dataDir, words);
    return await command(config, log, signals);
  } catch (cause) {
    const sentence = sentenceOf(cause, config.dataDir);
    throw sentence === null ? cause : new StartRefused(sentence, { cause });
  } finally {
    await Promise.all([flushLog(flushMs), stdout?.flush(flushMs)]);
  }
}

/** Of its words only the folder is a setting. */
async function sayToken(environment: Environment, words: readonly string[]): Promise<boolean> {
  const at = words.indexOf('--data-dir');
  const folder = at < 0 ? [] : words.slice(at, at + 2);
  const config = readConfig(environment, folder);
  const { dataDir, auditBytesMax, logLevel } = config;
  const settings = gatewayOf(config);
  if (settings === null && words[0] !== 'list') refuseGatewayFolder(dataDir);
  const tokens = settings === null ? folderTokens(dataDir) : new CommandTokens(dataDir, settings);
  const audit = openAudit(dataDir, { bytesMax: auditBytesMax }, createLog(logLevel));
  const place = { tokens, areShared: settings !== null, audit };
  const { stdout: told, stderr } = await runToken(place, words).finally(() => audit.close());
  process.stderr.write(stderr);
  await print(told);
  return true;
}

type Environment = Readonly<Record<string, string | undefined>>;

type Command = (config: Config, log: Log, signals: StopSignals) => Promise<boolean>;

/** By their words; each resolves to whether all is well. */
const commandTable: Readonly<Record<string, Command>> = {
  async ''(config, log, signals) {
    giveHeapRoom();
    const stopping = stopBySignal(signals, config, log);
    const sluice = await startSluice(config, log, say);
    await stopping.asked;
    await sluice.stop(stopping.hurry);
    return true;
  },
  adopt: writtenDown('adopt', async (config, log) => {
    return { fact: { what: 'adopted' }, ok: true, text: await adopt(config, log) };
  }),
  recover: writtenDown('recover', recoverJournal),
  'prefect skip': writtenDown('prefect skip', skipForwarding),
  'dead-letter replay': writtenDown('dead-letter replay', async (config, log) => {
    const { ok, text } = await replayStopped(config, log);
    return { fact: { what: 'replayed', ok }, ok, text };
  }),
  async verify(config, log) {
    const { ok, text } = await verify(config, log);
    return tell(ok, text);
  },
  async 'dead-letter'(config) {
    const settings = gatewayOf(config);
    if (settings === null) refuseGatewayFolder(config.dataDir);
    const lines = settings === null ? listDeadLetter(config) : listShared(config.dataDir, settings);
    for await (const line of lines) await print(`${line}\n`);
    return true;
  },
};
/** What they know is one journal and one file of the table writer. */
const singleCommands = ['adopt', 'recover', 'prefect skip', 'dead-letter replay', 'verify'];
const commands = new Map(Object.entries(commandTable));

function writtenDown(command: FolderCommand, run: (config: Config, log: Log) => Promise<Done>): Command {
  return async (config, log) => {
    const audit = openAudit(config.dataDir, { bytesMax: config.auditBytesMax }, log);
    const { ok, text } = await runWrittenDown(audit, command, () => run(config, log)).finally(() => audit.close());
    return tell(ok, text);
  };
}

let stdout: Output | null = null;

/** For the server, which goes on whether anybody reads it or not. */
function say(line: string): void {
  stdout ??= new Output(1, (lines) => `${lines} lines were left out here: nobody took them\n`);
  stdout.write(`${line}\n`);
}

/** For a command: its reader may take its time, and may leave. */
function print(text: string): Promise<void> {
  return new Promise((printed) => {
    process.stdout.on('error', () => undefined).write(text, () => printed());
  });
}

async function tell(ok: boolean, text: string): Promise<boolean> {
  await print(`${text}\n`);
  return ok;
}

/**
 * The first signal asks to stop; while Sluice leaves, the next one asks to be quick about it; one more ends the process
 * at once.
 */
function stopBySignal(signals: StopSignals, { leaveMs }: Pick<Config, 'leaveMs'>, log: Log) {
  const hurry = new AbortController();
  if (leaveMs === 0) hurry.abort();
  const asked = new Promise<void>((resolve) => {
    let isAsked = false;
    signals.handle((signal) => {
      log.info({ signal }, isAsked ? 'stopping at once' : 'stopping');
      if (isAsked && hurry.signal.aborted) process.exit(exitCodeOf(signal));
      if (isAsked) hurry.abort();
      isAsked = true;
      resolve();
    });
  });
  return { asked, hurry: hurry.signal };
}
