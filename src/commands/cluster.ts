/**
 * `sluice cluster status|leave|skip|upgrade|init|recover`: what is done with all gateways that share a log. The first
 * four run on any machine that reaches NATS, init on the folder of a single Sluice, recover on a gateway's.
 */
import { resolve } from 'node:path';
import type { FolderCommand } from '../access/audit-facts.ts';
import { StartRefused, WrongUsage } from '../base/errors.ts';
import { createLog } from '../base/log.ts';
import { type Config, readConfig } from '../config/config.ts';
import { gatewayOf, sharedLogOf } from '../config/gateway-settings.ts';
import { faultsOfCluster } from '../gateway/cluster-faults.ts';
import { clusterStatus } from '../gateway/cluster-status.ts';
import { leaveCluster } from '../gateway/leave-cluster.ts';
import { skipForwarding } from '../gateway/skip-forwarding.ts';
import { upgradeLog } from '../gateway/upgrade-log.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { askNats } from './ask-nats.ts';
import { initCluster } from './cluster-init.ts';
import { recoverCluster } from './cluster-recover.ts';
import { clusterText } from './cluster-text.ts';
import { type Done, folderAudit, runWrittenDown } from './written-down.ts';

export interface ClusterSaid {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws WrongUsage for words that are none of these commands, else StartRefused. */
export async function runCluster(environment: Environment, words: readonly string[]): Promise<ClusterSaid> {
  const [command, ...rest] = words;
  switch (command) {
    case 'status':
      return await status(environment, rest);
    case 'leave':
      return await leave(environment, rest);
    case 'skip':
      return await skip(environment, rest);
    case 'upgrade':
      return await upgrade(environment, rest);
    case 'init':
      return await init(environment, rest);
    case 'recover':
      return await recover(environment, rest);
    default:
      throw new WrongUsage(command === undefined ? clusterHelp : `What is ${command}? ${clusterHelp}`);
  }
}

export const clusterHelp = `The commands are
  sluice cluster status [--json]
  sluice cluster leave ID [--lost]
  sluice cluster skip
  sluice cluster upgrade
for the shared log that SLUICE_LOG and SLUICE_LOG_NAME name,
  sluice cluster init --from FOLDER
with the settings of the gateways to come, and the data folder of a stopped single Sluice, and
  sluice cluster recover [--anew]
with all settings of the stopped gateway that has applied most.`;

async function status(environment: Environment, words: readonly string[]): Promise<ClusterSaid> {
  const { own, settings } = split(words, ['--json']);
  const config = readConfig(environment, settings);
  const found = await withNats(config, (nats, name) => clusterStatus(nats, name));
  const faults = faultsOfCluster(found);
  const stdout = own.includes('--json') ? `${JSON.stringify({ ...found, faults })}\n` : clusterText(found, faults);
  return { ok: faults.length === 0, stdout, stderr: '' };
}

async function leave(environment: Environment, words: readonly string[]): Promise<ClusterSaid> {
  const [id = '', ...rest] = words;
  if (id === '' || id.startsWith('-')) throw new WrongUsage('Say which gateway: `sluice cluster leave ID`.');
  const { own, settings } = split(rest, ['--lost']);
  const config = readConfig(environment, settings);
  return await writtenDown(config, 'cluster leave', async (nats, name) => {
    await leaveCluster({ nats, name, id, says, isLost: own.includes('--lost') });
    const text = `Gateway ${id} is let go: nothing waits for it any more.`;
    return { fact: { what: 'gateway let go', gateway: id }, ok: true, text };
  });
}

async function skip(environment: Environment, words: readonly string[]): Promise<ClusterSaid> {
  const { settings } = split(words, []);
  const config = readConfig(environment, settings);
  return await writtenDown(config, 'cluster skip', async (nats, name) => {
    const { text, isSkipped } = await skipForwarding({ nats, name, now: () => new Date() });
    const nothing = { what: 'nothing to do', command: 'cluster skip' } as const;
    return { fact: isSkipped ? { what: 'forwarding skipped' } : nothing, ok: true, text };
  });
}

async function upgrade(environment: Environment, words: readonly string[]): Promise<ClusterSaid> {
  const { settings } = split(words, []);
  const config = readConfig(environment, settings);
  return await writtenDown(config, 'cluster upgrade', async (nats, name) => {
    const { text, rules } = await upgradeLog({ nats, name });
    const nothing = { what: 'nothing to do', command: 'cluster upgrade' } as const;
    return { fact: rules === null ? nothing : { what: 'log upgraded', rules }, ok: true, text };
  });
}

async function init(environment: Environment, words: readonly string[]): Promise<ClusterSaid> {
  const at = words.indexOf('--from');
  const folder = words[at + 1] ?? '';
  if (at < 0 || folder === '' || folder.startsWith('-')) {
    throw new WrongUsage('Say of which single Sluice: `sluice cluster init --from FOLDER`.');
  }
  const { settings } = split([...words.slice(0, at), ...words.slice(at + 2)], []);
  const config = { ...readConfig(environment, settings), dataDir: resolve(folder) };
  const log = createLog(config.logLevel);
  return await writtenDown(config, 'cluster init', (nats) =>
    initCluster(config, sharedLogOf(config), nats, { says, log }),
  );
}

async function recover(environment: Environment, words: readonly string[]): Promise<ClusterSaid> {
  const { own, settings: flags } = split(words, ['--anew']);
  const config = readConfig(environment, flags);
  const settings = gatewayOf(config);
  if (settings === null) throw new StartRefused('SLUICE_LOG must name the NATS servers, as for the gateway itself.');
  const log = createLog(config.logLevel);
  const how = { isForced: own.includes('--anew'), says, log };
  return await writtenDown(config, 'cluster recover', async (nats) => {
    return { fact: { what: 'log recovered' }, ok: true, text: await recoverCluster(config, settings, nats, how) };
  });
}

/** At once, for who waits. */
function says(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

/** Of the words behind a command: its own flags, and settings. Throws WrongUsage for a word that is neither. */
function split(words: readonly string[], flags: readonly string[]) {
  const stray = words.find((word, nth) => !word.startsWith('-') && !isValue(words[nth - 1], flags));
  if (stray !== undefined) throw new WrongUsage(`What is ${stray}? ${clusterHelp}`);
  return {
    own: words.filter((word) => flags.includes(word)),
    settings: words.filter((word) => !flags.includes(word)),
  };
}

/** Whether a word behind this one is a setting's value: `--port 4200`. */
function isValue(before: string | undefined, flags: readonly string[]): boolean {
  return before !== undefined && /^--[^=]+$/.test(before) && !flags.includes(before);
}

function withNats<Answer>(config: Config, work: (nats: Nats, name: string) => Promise<Answer>): Promise<Answer> {
  const { log, name } = sharedLogOf(config);
  const { dataDir } = config;
  return askNats({ address: { ...log, name: 'sluice cluster' }, dataDir }, (nats) => work(nats, name));
}

async function writtenDown(
  config: Config,
  command: FolderCommand,
  work: (nats: Nats, name: string) => Promise<Done>,
): Promise<ClusterSaid> {
  const audit = folderAudit(config);
  const run = () => withNats(config, work);
  const { ok, text } = await runWrittenDown(audit, command, run).finally(() => audit.close());
  return { ok, stdout: `${text}\n`, stderr: '' };
}
