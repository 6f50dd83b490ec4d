// npm run wasm: compiles src/event-text/compiled/read-plain-event.ts (AssemblyScript) and puts its code into
// src/event-text/plain-event-code.ts.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The module's bytes. Its own data lies behind the keys' stack; plain-event.ts puts texts behind both. */
export async function compile() {
  let code = null;
  const words = [
    'src/event-text/compiled/read-plain-event.ts',
    '--baseDir',
    root,
    '-O3',
    '--runtime',
    'stub',
    '--noAssert',
  ];
  const layout = ['--enable', 'simd', '--initialMemory', '1', '--memoryBase', '1024'];
  const { error, stderr } = await main([...words, ...layout, '--outFile', 'out.wasm'], {
    writeFile: (name, contents) => {
      if (name === 'out.wasm') code = Buffer.from(contents);
    },
  });
  if (error !== null || code === null) throw new Error(`${error?.message ?? 'no code came out'}\n${stderr}`);
  return code;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = (await compile())
    .toString('base64')
    .match(/.{1,100}/g)
    .map((line) => `  '${line}'`);
  writeFileSync(
    join(root, 'src', 'event-text', 'plain-event-code.ts'),
    `/** Made by \`npm run wasm\` from src/event-text/compiled; a test compiles that again and compares. */
export const code = [
${text.join(',\n')},
].join('');
`,
  );
}
