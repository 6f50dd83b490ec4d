/**
 * One server of a sharded ClickHouse for tests: node shard-child.mjs CONFIG.xml DATA_FOLDER. It is the embedded engine
 * that listens for other servers too. It ends when its stdin does.
 */
import { runEngine } from '../src/clickhouse/run-engine.mjs';

const [config, dataFolder] = process.argv.slice(2);
runEngine({ config, dataFolder, protocols: ['HTTP', 'TCP'] });
