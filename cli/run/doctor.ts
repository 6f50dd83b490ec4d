/** `sluice doctor`: one line for each thing that a start or a client may fail at. */

import { Help } from 'commander';
import { visible } from '../../client/src/visible.ts';
import type { Config } from '../../src/config/config.ts';
import { type Call, textOption } from '../command-row.ts';
import { exitCodes } from '../exit-codes.ts';
import { prefectTarget } from '../prefect-target.ts';
import { readTarget, refuseBadUrl } from '../target.ts';
import { machineFindings, serverSettings } from './doctor-machine.ts';
import { prefectFindings } from './doctor-prefect.ts';
import { serverFindings } from './doctor-server.ts';

export async function runDoctor(call: Call): Promise<number> {
  const config = serverSettings(call.environment, settingFlags(call));
  const target = readTarget(call, 'dataDir' in config ? addressOf(config) : undefined);
  const machine = await machineFindings(config, target.url);
  const prefect = prefectTarget(call);
  const frontUrl = textOption(call, 'front');
  if (frontUrl !== undefined) refuseBadUrl(frontUrl);
  const front = frontUrl === undefined ? null : { url: frontUrl, token: prefect?.token ?? target.token };
  const beside = prefect === null ? [] : await prefectFindings({ sluice: target, prefect, front }, call.signal);
  const findings = [...machine, ...(await serverFindings(target, call.signal)), ...beside];
  const { terminal } = call;
  if (textOption(call, 'output') === 'json') {
    const list = findings.map(({ name, isOk, says }) => ({ name, ok: isOk, says }));
    await terminal.print(`${JSON.stringify(list)}\n`);
  } else {
    const widest = Math.max(...findings.map(({ name }) => name.length));
    const indent = widest + 'ok    '.length;
    const lines = findings.map(({ name, isOk, says }) => {
      const mark = isOk ? terminal.colors.green('ok') : terminal.colors.red('NO');
      const sentence = visible(says);
      // A pipe gets one line for each.
      const shown = terminal.isInteractive ? new Help().boxWrap(sentence, terminal.columns - indent) : sentence;
      return `${mark}  ${name.padEnd(widest)}  ${shown.replaceAll('\n', `\n${' '.repeat(indent)}`)}\n`;
    });
    await terminal.print(lines.join(''));
  }
  return findings.every(({ isOk }) => isOk) ? exitCodes.ok : exitCodes.error;
}

/** As `serve` has them. */
function settingFlags(call: Call): string[] {
  const given = { '--data-dir': textOption(call, 'dataDir'), '--host': textOption(call, 'host') };
  const flags = Object.entries({ ...given, '--port': textOption(call, 'port') });
  return flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]));
}

/** Where a server of these settings answers, as far as this machine is concerned; none where it takes a free port. */
function addressOf({ host, port, tlsCert, tlsSelfSigned }: Config): string | undefined {
  if (port === 0) return undefined;
  const near = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  const scheme = tlsSelfSigned || tlsCert !== null ? 'https' : 'http';
  return `${scheme}://${near.includes(':') ? `[${near}]` : near}:${port}`;
}
