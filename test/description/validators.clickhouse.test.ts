/**
 * Both descriptions before their official validators, and a server before schemathesis: no answer that is not
 * described. The long form is `npm run hunt`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../support/peers/run-command.ts';
import { hunt } from '../../support/peers/schemathesis.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { installAsyncApiParser, installSchemathesis } from '../../support/peers/validators.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { asyncApiDocument, openApiDocument } from './documents.ts';

const root = repositoryRoot();
const python = await installSchemathesis(root);
const node = await installAsyncApiParser(root);
for (const each of [python, node]) if (!each.found) console.log(each.sentence);

const parse = `
import parser from '@asyncapi/parser';
import { readFileSync } from 'node:fs';
const { document, diagnostics } = await new parser.Parser().parse(readFileSync(process.argv[2], 'utf8'));
const faults = diagnostics.filter(({ severity }) => severity < 2);
console.log(JSON.stringify({ isWhole: document !== undefined, faults }));
`;

describe('the descriptions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'descriptions-'));
  const put = (name: string, document: unknown): string => {
    const file = join(folder, name);
    writeFileSync(file, typeof document === 'string' ? document : JSON.stringify(document));
    return file;
  };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.skipIf(!python.found)('are valid: OpenAPI, by openapi-spec-validator', { timeout: 180_000 }, async () => {
    const tool = join(python.found ? python.folder : '', 'bin', 'openapi-spec-validator');
    expect(await run(tool, [put('openapi.json', openApiDocument)])).toMatchObject({ code: 0 });
    const broken = { ...openApiDocument, paths: { '/a/{b}': { get: { responses: {} } } } };
    expect((await run(tool, [put('broken.json', broken)])).code).not.toBe(0);
  });

  it.skipIf(!node.found)('are valid: AsyncAPI, by @asyncapi/parser', { timeout: 180_000 }, async () => {
    const home = node.found ? node.folder : '';
    writeFileSync(join(home, 'parse.mjs'), parse);
    const judge = async (file: string): Promise<unknown> =>
      JSON.parse((await run(process.execPath, [join(home, 'parse.mjs'), file])).output);
    expect(await judge(put('asyncapi.json', asyncApiDocument))).toEqual({ isWhole: true, faults: [] });
    const broken = { ...asyncApiDocument, operations: { a: { action: 'shout' } } };
    expect(await judge(put('broken-async.json', broken))).toMatchObject({ isWhole: false });
  });
});

describe.skipIf(!python.found)('a server', () => {
  const authString = 'admin:geheim';
  let sluice: TestSluice;
  beforeAll(async () => {
    sluice = await startSluice({ env: { SLUICE_AUTH_STRING: authString } });
  });
  afterAll(async () => {
    await sluice?.stop();
    if (sluice !== undefined) removeData(sluice);
  });

  it('answers as it is described, whatever schemathesis asks', { timeout: 180_000 }, async () => {
    const folder = python.found ? python.folder : '';
    const report = await hunt(folder, { url: sluice.url, authString, seed: 18, seconds: 40, casesMax: 10 });
    console.log(`schemathesis: ${report.cases} cases`);
    expect(report.ok, report.output).toBe(true);
    expect(report.cases).toBeGreaterThan(100);
  });
});
