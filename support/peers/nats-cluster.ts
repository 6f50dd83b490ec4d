/**
 * Three real NATS servers that are one cluster, each in a folder of its own; any of them may be killed and started
 * again, or stand still.
 */

import { launchNats, type NatsProcess } from './nats-server.ts';
import { freePort } from './server-process.ts';

export interface NatsClusterOptions {
  /** Of each server, where its streams are kept. */
  readonly directories: readonly string[];
  /** As in NatsOptions. */
  readonly jetstream?: string;
  /** Where each server runs, if not all on this machine's own address. */
  readonly places?: readonly NatsPlace[];
}

export interface NatsPlace {
  readonly host: string;
  readonly through: readonly string[];
}

interface Member {
  readonly options: Parameters<typeof launchNats>[1];
  readonly port: number;
  process: NatsProcess | null;
}

export class NatsCluster {
  readonly #folder: string;
  readonly #members: readonly Member[];

  private constructor(folder: string, members: readonly Member[]) {
    this.#folder = folder;
    this.#members = members;
  }

  static async start(folder: string, options: NatsClusterOptions): Promise<NatsCluster> {
    const { directories, jetstream, places } = options;
    const placeOf = (nth: number): NatsPlace => places?.[nth] ?? { host: '127.0.0.1', through: [] };
    const ports = await Promise.all(directories.map(async () => [await freePort(), await freePort()] as const));
    const routes = ports.map(([, route], nth) => `nats://${placeOf(nth).host}:${route}`).join(', ');
    const members = await Promise.all(
      directories.map(async (directory, nth): Promise<Member> => {
        const [port, route] = ports[nth] ?? [0, 0];
        const place = placeOf(nth);
        // Clients know the addresses that they were given, and hear of no others.
        const own = `listen: ${place.host}:${route}, routes: [ ${routes} ]`;
        const lines = [`server_name: n${nth}`, `cluster { name: storm, ${own}, no_advertise: true }`];
        const server = { directory, port, lines, ...place, ...(jetstream !== undefined && { jetstream }) };
        return { options: server, port, process: await launchNats(folder, server) };
      }),
    );
    return new NatsCluster(folder, members);
  }

  get size(): number {
    return this.#members.length;
  }

  addressOf(nth: number): { readonly host: string; readonly port: number } {
    const { options, port } = this.#member(nth);
    return { host: options.host ?? '127.0.0.1', port };
  }

  isUp(nth: number): boolean {
    return this.#member(nth).process !== null;
  }

  /** kill -9. */
  async kill(nth: number): Promise<void> {
    const member = this.#member(nth);
    const { process: running } = member;
    member.process = null;
    await running?.kill();
  }

  /** On the folder that it had. */
  async restart(nth: number): Promise<void> {
    const member = this.#member(nth);
    member.process ??= await launchNats(this.#folder, member.options);
  }

  signal(nth: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    const { process: running } = this.#member(nth);
    if (running !== null) process.kill(running.pid, signal);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((_, nth) => this.kill(nth)));
  }

  #member(nth: number): Member {
    const member = this.#members[nth];
    if (member === undefined) throw new Error(`the cluster has no server ${nth}`);
    return member;
  }
}
