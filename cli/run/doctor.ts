/** `sluice doctor`: one line for each thing that a start or a client may fail at. */

import { visible } from '../../client/src/visible.ts';
import { type Call, textOption } from '../command-row.ts';
import { exitCodes } from '../exit-codes.ts';
import { readTarget } from '../target.ts';
import { machineFindings } from './doctor-machine.ts';
import { serverFindings } from './doctor-server.ts';

export async function runDoctor(call: Call): Promise<number> {
  const target = readTarget(call);
  const machine = await machineFindings(call.environment, target.url);
  const findings = [...machine, ...(await serverFindings(target, call.signal))];
  const { terminal } = call;
  if (textOption(call, 'output') === 'json') {
    const list = findings.map(({ name, isOk, says }) => ({ name, ok: isOk, says }));
    await terminal.print(`${JSON.stringify(list)}\n`);
  } else {
    const widest = Math.max(...findings.map(({ name }) => name.length));
    const lines = findings.map(({ name, isOk, says }) => {
      const mark = isOk ? terminal.colors.green('ok') : terminal.colors.red('NO');
      return `${mark}  ${name.padEnd(widest)}  ${visible(says)}\n`;
    });
    await terminal.print(lines.join(''));
  }
  return findings.every(({ isOk }) => isOk) ? exitCodes.ok : exitCodes.error;
}
