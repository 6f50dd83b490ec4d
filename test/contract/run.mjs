// `npm run contract -- --url http://… [--auth-string S] [--peer]` runs the suite against a server that is there
// already; `--peer` says that it is no Sluice. `npm run contract:prefect` starts the real Prefect (`--prefect`) and
// runs against that.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string' },
    'auth-string': { type: 'string' },
    peer: { type: 'boolean' },
    prefect: { type: 'boolean' },
  },
});
if (!values.url && !values.prefect) {
  console.error('Say which server: npm run contract -- --url http://127.0.0.1:4200 [--auth-string S] [--peer]');
  process.exit(2);
}
const words = ['run', '--config', join(here, 'vitest.config.ts'), '--reporter=verbose', ...positionals];
const child = spawn(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), ...words], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    CONTRACT_URL: (values.url ?? '').replace(/\/+(api\/*)?$/, ''),
    CONTRACT_AUTH_STRING: values['auth-string'] ?? '',
    CONTRACT_PEER: values.peer || values.prefect ? '1' : '',
    CONTRACT_PREFECT: values.prefect ? '1' : '',
  },
});
child.on('exit', (code) => process.exit(code ?? 1));
