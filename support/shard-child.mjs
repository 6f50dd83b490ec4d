/**
 * One server of a sharded ClickHouse for tests: node shard-child.mjs CONFIG.xml DATA_FOLDER. It is the embedded engine
 * that listens for other servers too. It ends when its stdin does.
 */
import { createRequire } from 'node:module';

const [config, dataFolder] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const { open, load, DataType } = require('ffi-rs');
const { libchdbPath } = require('chdb/libchdb');
open({ library: 'libchdb', path: libchdbPath() });
const args = [
  'clickhouse',
  `--config-file=${config}`,
  `--path=${dataFolder}`,
  '--listen_host=127.0.0.1',
  '--input-format=LineAsString',
  '--table=parent',
  '--structure=line String',
  '--query=SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; SELECT count() FROM parent FORMAT Null',
];
const call = (funcName, retType, paramsType, paramsValue) =>
  load({ library: 'libchdb', funcName, retType, paramsType, paramsValue, runInNewThread: false });
const result = call('chdb_query_cmdline', DataType.U64, [DataType.I32, DataType.StringArray], [args.length, args]);
const error = call('chdb_result_error', DataType.U64, [DataType.U64], [result]);
if (error !== 0) console.error(call('chdb_result_error', DataType.String, [DataType.U64], [result]).split('\n')[0]);
process.exit(error === 0 ? 0 : 1);
