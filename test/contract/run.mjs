// `npm run contract` runs the suite against a server that is there already; `npm run contract:prefect` starts the real
// Prefect and runs against that.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions, refuse } from '../../support/script-options.ts';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const script = {
  name: 'contract',
  about: `The contract suite against a server that runs, or against the real Prefect. Exit code 1 if a test fails.
TEST is a part of the names of the files that are run.`,
  words: '[TEST…]',
  options: {
    url: { default: '', word: 'URL', says: 'of the server' },
    'auth-string': { default: '', word: 'S', says: 'of that server' },
    peer: { default: false, says: 'that server is no Sluice' },
    prefect: { default: false, says: 'starts the real Prefect and asks that, as npm run contract:prefect does' },
  },
};
const { values, words: tests } = readOptions(script);
if (!values.url && !values.prefect) refuse(script, 'say which server by --url');
const words = ['run', '--config', join(here, 'vitest.config.ts'), '--reporter=verbose', ...tests];
const child = spawn(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), ...words], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    CONTRACT_URL: values.url.replace(/\/+(api\/*)?$/, ''),
    CONTRACT_AUTH_STRING: values['auth-string'],
    CONTRACT_PEER: values.peer || values.prefect ? '1' : '',
    CONTRACT_PREFECT: values.prefect ? '1' : '',
  },
});
child.on('exit', (code) => process.exit(code ?? 1));
