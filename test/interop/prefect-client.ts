/**
 * The real Prefect client as a child process (client.py): what it said, line by line, and its end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../../support/poll.ts';

export interface ClientOptions {
  readonly python: string;
  readonly what: 'emit' | 'read' | 'page';
  /** Of the server, with a path only where a proxy has it under one. */
  readonly url: string;
  readonly authString?: string;
  readonly prefix: string;
  readonly count: number;
  /** Before each of these events the emitter says `paused` and waits for one `resume`, which may come before. */
  readonly pauseAt?: readonly number[];
  /** Settings of its own, as variables. */
  readonly env?: Readonly<Record<string, string>>;
}

const script = fileURLToPath(new URL('client.py', import.meta.url));
/** Importing Prefect alone takes seconds on a busy machine. */
const lineMs = 90_000;

export class PrefectClient {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #home = mkdtempSync(join(tmpdir(), 'prefect-client-'));
  #errors = '';

  constructor({ python, what, url, authString, prefix, count, pauseAt = [], env = {} }: ClientOptions) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PREFECT_'));
    const words = [script, what, '--prefix', prefix, '--count', String(count), '--pause-at', ...pauseAt.map(String)];
    this.#child = spawn(python, words, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...Object.fromEntries(inherited),
        PREFECT_HOME: this.#home,
        ...env,
        PREFECT_API_URL: `${url}/api`,
        ...(authString === undefined ? {} : { PREFECT_API_AUTH_STRING: authString }),
      },
    });
    let rest = '';
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      this.lines.push(...lines);
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** Waits until it has said this line. */
  async said(line: string): Promise<void> {
    await until(
      `the client says "${line}"`,
      () => {
        if (this.#child.exitCode !== null && !this.lines.includes(line)) throw new Error(`It ended: ${this.#errors}`);
        return this.lines.includes(line) ? true : undefined;
      },
      lineMs,
    );
  }

  /** Waits until it has told of so many events. */
  async told(count: number): Promise<void> {
    await until(
      `the client tells of ${count} events`,
      () => {
        if (this.#child.exitCode !== null && this.events().length < count) throw new Error(`It ended: ${this.#errors}`);
        return this.events().length >= count ? true : undefined;
      },
      lineMs,
    );
  }

  resume(): void {
    this.#child.stdin?.write('\n');
  }

  /** The events it told of, in its order. */
  events(): { id: string; number: number }[] {
    return this.lines
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { id: string; number: number }); // client.py writes these
  }

  /** Its events, once it has ended well. */
  async finished(): Promise<{ id: string; number: number }[]> {
    const code = await this.#ended;
    this.#forget();
    if (code !== 0) throw new Error(`The Prefect client ended with ${code}:\n${this.#errors}`);
    return this.events();
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    this.#forget();
  }

  #forget(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }
}
