/** A process with an embedded engine, to be killed: prints the engine's process id and endpoint once it is ready. */
import { openStore } from '../src/clickhouse/store.ts';
import { startTestEngine, testStoreOptions } from './engine.ts';

const [dataDir = '', statement] = process.argv.slice(2);
const engine = startTestEngine(dataDir);
const store = openStore({ ...testStoreOptions, source: engine });
await store.whenReady();
console.log(String(engine.processId));
if (statement !== undefined) await store.rows(statement, {}, { deadlineMs: 600_000 });
