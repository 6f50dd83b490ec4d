/** `sluice doctor`: one line for each thing that a start or a client may fail at. */

import { Help } from 'commander';
import { visible } from '../../client/src/visible.ts';
import { type Call, textOption } from '../command-row.ts';
import { exitCodes } from '../exit-codes.ts';
import { prefectTarget } from '../prefect-target.ts';
import { readTarget, refuseBadUrl } from '../target.ts';
import { machineFindings } from './doctor-machine.ts';
import { prefectFindings } from './doctor-prefect.ts';
import { serverFindings } from './doctor-server.ts';

export async function runDoctor(call: Call): Promise<number> {
  const target = readTarget(call);
  const machine = await machineFindings(call.environment, target.url);
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
