/**
 * Networks of their own for some processes, joined by a bridge that this machine is on too: any of them can be parted
 * from others. Linux, as root, by `ip`.
 */
import { execFileSync } from 'node:child_process';
import { firstLineOf } from '../src/base/errors.ts';

export interface Place {
  readonly host: string;
  /** The command that runs another one there. */
  readonly through: readonly string[];
}

const net = `10.213.${process.pid % 250}`;
const bridge = `slb${process.pid % 100_000}`;

export class Namespaces {
  readonly places: readonly Place[];
  readonly #names: readonly string[];
  /** Ways that are closed, with the namespace that they are closed in. */
  #parted: { readonly name: string; readonly way: string }[] = [];

  private constructor(names: readonly string[]) {
    this.#names = names;
    this.places = names.map((name, nth) => ({ host: hostOf(nth), through: ['ip', 'netns', 'exec', name] }));
  }

  /** Or a sentence that says why there are none. */
  static open(count: number): Namespaces | string {
    const names = Array.from({ length: count }, (_, nth) => `sln${process.pid % 100_000}-${nth}`);
    const namespaces = new Namespaces(names);
    try {
      ip(`link add ${bridge} type bridge`);
      ip(`addr add ${net}.254/24 dev ${bridge}`);
      ip(`link set ${bridge} up`);
      for (const [nth, name] of names.entries()) {
        ip(`netns add ${name}`);
        ip(`link add ${linkOf(nth)} type veth peer name eth0 netns ${name}`);
        ip(`link set ${linkOf(nth)} master ${bridge} up`);
        ip(`-n ${name} addr add ${hostOf(nth)}/24 dev eth0`);
        for (const device of ['eth0', 'lo']) ip(`-n ${name} link set ${device} up`);
      }
      return namespaces;
    } catch (error) {
      namespaces.close();
      return `there are no namespaces here: ${firstLineOf(error)}`;
    }
  }

  /** What is sent from one of them to another is lost. */
  part(one: number, other: number): void {
    const name = this.#names[one] ?? '';
    const way = `${hostOf(other)}/32`;
    ip(`-n ${name} route add blackhole ${way}`);
    this.#parted.push({ name, way });
  }

  /** One of them has no network at all. */
  unplug(one: number): void {
    ip(`link set ${linkOf(one)} down`);
  }

  /** All are joined again. */
  heal(): void {
    for (const { name, way } of this.#parted) ip(`-n ${name} route del blackhole ${way}`);
    this.#parted = [];
    for (const nth of this.#names.keys()) ip(`link set ${linkOf(nth)} up`);
  }

  close(): void {
    for (const name of this.#names) tryIp(`netns del ${name}`);
    tryIp(`link del ${bridge}`);
  }
}

function hostOf(nth: number): string {
  return `${net}.${nth + 1}`;
}

function linkOf(nth: number): string {
  return `slv${process.pid % 100_000}-${nth}`;
}

function ip(words: string): void {
  execFileSync('ip', words.split(' '), { stdio: ['ignore', 'ignore', 'pipe'] });
}

function tryIp(words: string): void {
  try {
    ip(words);
  } catch {
    // It was not made.
  }
}
