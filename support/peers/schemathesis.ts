/**
 * Runs schemathesis against a server: it reads the server's own description, and asks what that allows, and what it
 * does not allow. Any answer that the description does not have is a fault.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run-command.ts';

export interface Hunt {
  /** Of the server. */
  readonly url: string;
  /** NAME:WORD. */
  readonly authString: string;
  readonly seed: number;
  readonly seconds: number;
  /** Of one operation, at most. */
  readonly casesMax: number;
}

export interface Hunted {
  /** Nothing was found. */
  readonly ok: boolean;
  readonly cases: number;
  /** All that it said. */
  readonly output: string;
}

/**
 * What is looked at of each answer. That it refuses whatever its schema does not allow is not asked for: it takes what
 * Prefect's clients send, too.
 */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
  'unsupported_method',
  'allow_header_conformance',
  'missing_required_header',
  'ignored_auth',
];

/** 503 is an answer that is described: the engine of a small machine may take too long. */
const config = '[checks]\nnot_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]\n';

/** `folder` is that of the venv. Streams have no end, so that their routes are left out. */
export async function hunt(folder: string, { url, authString, seed, seconds, casesMax }: Hunt): Promise<Hunted> {
  const directory = mkdtempSync(join(tmpdir(), 'schemathesis-'));
  writeFileSync(join(directory, 'schemathesis.toml'), config);
  const words = ['run', `${url}/openapi.json`, '--url', `${url}/api`, '--auth', authString, '--seed', String(seed)];
  const shape = ['--phases', 'examples,coverage,fuzzing', '--max-time', String(seconds), '-n', String(casesMax)];
  const manners = ['--no-color', '--suppress-health-check', 'all', '--continue-on-failure', '--warnings', 'off'];
  const streams = ['streamEvents', 'streamCounts'].flatMap((id) => ['--exclude-operation-id', id]);
  const scope = [...streams, '--checks', checks.join(',')];
  try {
    const tool = join(folder, 'bin', 'schemathesis');
    const { code, output } = await run(tool, [...words, ...shape, ...manners, ...scope], { cwd: directory });
    const cases = Number(/(\d+) generated/.exec(output)?.[1] ?? 0);
    return { ok: code === 0, cases, output };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
