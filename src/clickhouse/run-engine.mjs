/**
 * ClickHouse inside this process, by chdb's library. It blocks the thread until stdin has ended, then ends the process.
 */
import { createRequire } from 'node:module';

/** `protocols`: what it listens for, as `HTTP`. */
export function runEngine({ config, dataFolder, protocols }) {
  const require = createRequire(import.meta.url);
  const { open, load, DataType } = require('ffi-rs');
  const { libchdbPath } = require('chdb/libchdb');
  open({ library: 'libchdb', path: libchdbPath() });
  const statements = protocols.map((protocol) => `SYSTEM START LISTEN ${protocol}`);
  const args = [
    'clickhouse',
    `--config-file=${config}`,
    `--path=${dataFolder}`,
    '--listen_host=127.0.0.1',
    '--input-format=LineAsString',
    '--table=parent',
    '--structure=line String',
    `--query=${[...statements, 'SELECT count() FROM parent FORMAT Null'].join('; ')}`,
  ];
  const call = (funcName, retType, paramsType, paramsValue) =>
    load({ library: 'libchdb', funcName, retType, paramsType, paramsValue, runInNewThread: false });
  const result = call('chdb_query_cmdline', DataType.U64, [DataType.I32, DataType.StringArray], [args.length, args]);
  const error = call('chdb_result_error', DataType.U64, [DataType.U64], [result]);
  // Told to the parent, whose log says why the engine ended; the rest of the text is a stack.
  if (error !== 0) console.error(call('chdb_result_error', DataType.String, [DataType.U64], [result]).split('\n')[0]);
  process.exit(error === 0 ? 0 : 1);
}
