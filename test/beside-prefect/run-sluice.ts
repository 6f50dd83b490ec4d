/** The command `sluice`, told of both servers. */
import { type CommandResult, runCommand } from '../../support/command-line.ts';
import { authString, type Beside } from './start-beside.ts';

export function runSluice(beside: Beside, words: readonly string[]): Promise<CommandResult> {
  const env = {
    NODE_EXTRA_CA_CERTS: beside.certificate.file,
    SLUICE_URL: beside.sluiceItself.baseUrl(),
    SLUICE_TOKEN: authString,
    SLUICE_PREFECT_AUTH_STRING: authString,
  };
  return runCommand([...words, '--prefect', beside.prefectItself.baseUrl()], { env });
}

export function verify(beside: Beside, words: readonly string[]): Promise<CommandResult> {
  return runSluice(beside, ['verify', '--rest', '5s', ...words]);
}
