/**
 * A real Prefect with the hook, a real Sluice, and nginx before both by the file of deploy/prefect: TLS and one auth
 * string. Prefect and Sluice can be killed and started again on what they had.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  launchPrefect,
  type PrefectInstall,
  type PrefectOptions,
  prefectEnvironment,
} from '../../support/peers/prefect.ts';
import { freePort, type ServerProcess } from '../../support/peers/server-process.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import type { Target } from '../../support/target.ts';
import { type Certificate, makeCertificate } from '../proxy/certificate.ts';
import { type FrontKind, pathOf, startFront } from './start-front.ts';

export type FoundPrefect = PrefectInstall & { readonly found: true };

export const authString = 'admin:geheim pass';
/** Each takes seconds. */
const triesMax = 100;

export class Beside {
  readonly folder: string;
  readonly install: FoundPrefect;
  readonly certificate: Certificate;
  readonly ports: { readonly front: number; readonly prefect: number; readonly sluice: number };
  /** More for Prefect's environment. */
  settings: Readonly<Record<string, string>> = {};
  frontKind: FrontKind = 'nginx';
  /** Sluice forwards to Prefect what clients send to it. */
  isLevelTwo = false;
  /** Live events stay with Prefect, as older clients with an auth string need it. */
  isOutAtPrefect = false;
  prefect: ServerProcess | null = null;
  sluice: TestSluice | null = null;
  #stopFront: (() => Promise<void>) | null = null;
  readonly #dataDir: string;

  constructor(install: FoundPrefect, ports: Beside['ports']) {
    this.folder = mkdtempSync(join(tmpdir(), 'sluice-beside-'));
    mkdirSync(join(this.folder, 'prefect'));
    this.#dataDir = mkdtempSync(join(tmpdir(), 'sluice-beside-data-'));
    this.install = install;
    this.ports = ports;
    this.certificate = makeCertificate(this.folder);
  }

  /** Where people and clients go; Prefect; Sluice. */
  get front(): Target {
    return this.#at(`https://localhost:${this.ports.front}${pathOf(this.frontKind)}`, false);
  }
  get prefectItself(): Target {
    return this.#at(`http://127.0.0.1:${this.ports.prefect}`, false);
  }
  get sluiceItself(): Target {
    return this.#at(`http://127.0.0.1:${this.ports.sluice}`, true);
  }

  /** With `more` settings for this time. */
  async startSluice(more: Readonly<Record<string, string>> = {}): Promise<void> {
    const forwarding = {
      SLUICE_PREFECT_URL: this.prefectItself.baseUrl(),
      SLUICE_PREFECT_AUTH_STRING: authString,
    };
    const own = { SLUICE_AUTH_STRING: authString, SLUICE_FLUSH_MS: '50' };
    const env = { ...own, ...(this.isLevelTwo && forwarding), ...more };
    this.sluice = await startSluice({ dataDir: this.#dataDir, port: this.ports.sluice, env });
  }

  /** kill -9 of the whole server: an older `prefect server start` runs it as a process of its own. */
  async killPrefect(): Promise<void> {
    if (this.prefect === null) return;
    process.kill(-this.prefect.pid, 'SIGKILL');
    await this.prefect.kill();
    // Its children hold the port until the system has ended them too.
    const hasEnded = (): Promise<true | undefined> =>
      fetch(this.prefectItself.baseUrl()).then(
        () => undefined,
        () => true,
      );
    await until('nobody answers at its port', hasEnded);
  }

  /** `hasHook` false: the same server as it was before. */
  async startPrefect(hasHook = true): Promise<void> {
    const hook = {
      PREFECT_MESSAGING_BROKER: 'sluice_prefect',
      PREFECT_TO_SLUICE_API: `${this.sluiceItself.baseUrl()}/api`,
      PREFECT_TO_SLUICE_AUTH: authString,
      PREFECT_TO_SLUICE_METRICS_FILE: join(this.folder, 'hook.prom'),
    };
    this.prefect = await this.#launch({
      home: join(this.folder, 'prefect'),
      port: this.ports.prefect,
      env: {
        PYTHONPATH: `${this.install.siteDirectory}:${join(repositoryRoot(), 'integrations', 'prefect')}`,
        PREFECT_SERVER_API_AUTH_STRING: authString,
        // Else it emits events of them at its first start, some before its own store listens: Sluice has these, it has
        // not.
        PREFECT_API_BLOCKS_REGISTER_ON_START: 'false',
        PREFECT_UI_API_URL: `${this.front.baseUrl()}/api`,
        ...(pathOf(this.frontKind) === '' ? {} : { PREFECT_UI_SERVE_BASE: pathOf(this.frontKind) }),
        ...(hasHook ? hook : {}),
        ...this.settings,
      },
    });
  }

  /** Prefect 3.0.11 refuses a port on which connections of a killed server still fade, for up to a minute. */
  async #launch(options: PrefectOptions): Promise<ServerProcess> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await launchPrefect(this.install, options);
      } catch (error) {
        if (tries === triesMax || !String(error).includes('is already in use')) throw error;
      }
    }
  }

  async startFront(): Promise<void> {
    this.#stopFront = await startFront(this.frontKind, this);
  }

  /** Runs work.py, or another script beside it, through the front; `serve` goes on until it is ended. */
  spawnClient(script: string, words: readonly string[]) {
    const home = join(this.folder, 'client');
    return spawn(this.install.python, [join(repositoryRoot(), 'test', 'beside-prefect', script), ...words], {
      env: {
        ...prefectEnvironment(this.install, home),
        PREFECT_API_URL: `${this.front.baseUrl()}/api`,
        PREFECT_API_AUTH_STRING: authString,
        PREFECT_API_SSL_CERT_FILE: this.certificate.file,
        SSL_CERT_FILE: this.certificate.file,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async stop(): Promise<void> {
    await this.#stopFront?.();
    await this.prefect?.stop();
    await this.sluice?.stop();
    if (this.sluice !== null) removeData(this.sluice);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    rmSync(this.#dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  #at(url: string, strict: boolean): Target {
    return { baseUrl: () => url, strict, authString, ca: this.certificate.pem };
  }
}

/** All three; if one does not start the others are stopped. */
export async function startBeside(
  install: FoundPrefect,
  {
    settings = {},
    frontKind = 'nginx',
    isLevelTwo = false,
    isOutAtPrefect = false,
  }: Partial<Pick<Beside, 'settings' | 'frontKind' | 'isLevelTwo' | 'isOutAtPrefect'>> = {},
): Promise<Beside> {
  const ports = { front: await freePort(), prefect: await freePort(), sluice: await freePort() };
  const beside = new Beside(install, ports);
  beside.settings = settings;
  beside.frontKind = frontKind;
  beside.isLevelTwo = isLevelTwo;
  beside.isOutAtPrefect = isOutAtPrefect;
  try {
    // First, for its port is free now. It needs nobody behind it.
    await beside.startFront();
    const started = await Promise.allSettled([beside.startSluice(), beside.startPrefect()]);
    for (const one of started) if (one.status === 'rejected') throw one.reason;
    return beside;
  } catch (error) {
    await beside.stop();
    throw error;
  }
}
