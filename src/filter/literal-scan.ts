/**
 * Finds many texts in one pass over another (Aho and Corasick): to look for a hundred terms in a megabyte costs one
 * pass. Texts that are no longer awaited cost nothing.
 */
import { randomInt } from 'node:crypto';

/** `changed`: what is awaited has changed. */
export type ScanStep = 'same' | 'changed' | 'stop';

/** Odd numbers that nobody knows. Whoever knew them could choose texts that all meet in one place of the table. */
const nodeFactor = 2 * randomInt(2 ** 30) + 1;
const codeFactor = 2 * randomInt(2 ** 30) + 1;
const none = -1;

/** The children of the nodes of a tree, each under its node and its UTF-16 unit, in memory without an object each. */
class Children {
  readonly #nodes: Int32Array;
  readonly #codes: Uint16Array;
  /** 0 means that the place is free: it is the root, which is nobody's child. */
  readonly #children: Int32Array;
  readonly #shift: number;
  readonly #mask: number;

  constructor(countMax: number) {
    const bits = Math.max(4, Math.ceil(Math.log2(countMax + 1)) + 1);
    this.#nodes = new Int32Array(2 ** bits);
    this.#codes = new Uint16Array(2 ** bits);
    this.#children = new Int32Array(2 ** bits);
    this.#shift = 32 - bits;
    this.#mask = 2 ** bits - 1;
  }

  get(node: number, code: number): number {
    return this.#children[this.#placeOf(node, code)]!;
  }

  set(node: number, code: number, child: number): void {
    const place = this.#placeOf(node, code);
    this.#nodes[place] = node;
    this.#codes[place] = code;
    this.#children[place] = child;
  }

  #placeOf(node: number, code: number): number {
    let place = (Math.imul(node, nodeFactor) + Math.imul(code, codeFactor)) >>> this.#shift;
    while (this.#children[place] !== 0 && (this.#nodes[place] !== node || this.#codes[place] !== code)) {
      place = (place + 1) & this.#mask;
    }
    return place;
  }
}

export class LiteralScan {
  /** All different, none empty, shorter ones first. A literal is named by its index. */
  readonly literals: readonly string[];
  readonly #children: Children;
  /** For each node, the node of its longest end that is a node too. */
  readonly #fallback: Int32Array;
  /** For each node, the longest literal that it ends in. */
  readonly #literalOf: Int32Array;
  /** For each literal, the next shorter one that it ends in. */
  readonly #shorter: Int32Array;

  constructor(texts: Iterable<string>) {
    this.literals = [...new Set(texts)].sort((one, other) => one.length - other.length);
    const nodesMax = this.literals.reduce((sum, { length }) => sum + length, 1);
    this.#children = new Children(nodesMax);
    this.#fallback = new Int32Array(nodesMax);
    this.#literalOf = new Int32Array(nodesMax).fill(none);
    this.#shorter = new Int32Array(this.literals.length).fill(none);
    this.#build();
  }

  /** Tells where awaited literals (1) end: in the order of the text, and of several at one place the longest first. */
  scan(text: string, awaited: Uint8Array, found: (literal: number, end: number) => ScanStep): void {
    const nearest = new Int32Array(this.literals.length);
    this.#findNearest(nearest, awaited);
    let node = 0;
    for (let at = 0; at < text.length; at += 1) {
      node = this.#next(node, text.charCodeAt(at));
      const longest = this.#literalOf[node]!;
      let literal = longest === none ? none : nearest[longest]!;
      while (literal !== none) {
        const verdict = found(literal, at + 1);
        if (verdict === 'stop') return;
        if (verdict === 'changed') this.#findNearest(nearest, awaited);
        const shorter = this.#shorter[literal]!;
        literal = shorter === none ? none : nearest[shorter]!;
      }
    }
  }

  /** Goes level by level, for a node's fallback is shorter than the node. */
  #build(): void {
    const codes = [0];
    const parents = [0];
    const ends = this.literals.map((literal) => {
      let node = 0;
      for (let at = 0; at < literal.length; at += 1) {
        const code = literal.charCodeAt(at);
        let child = this.#children.get(node, code);
        if (child === 0) {
          child = codes.length;
          this.#children.set(node, code, child);
          codes.push(code);
          parents.push(node);
        }
        node = child;
      }
      return node;
    });
    for (const [literal, node] of ends.entries()) this.#literalOf[node] = literal;
    for (const node of byDepth(parents)) {
      const parent = parents[node]!;
      this.#fallback[node] = parent === 0 ? 0 : this.#next(this.#fallback[parent]!, codes[node]!);
      const ending = this.#literalOf[this.#fallback[node]!]!;
      const own = this.#literalOf[node]!;
      if (own === none) this.#literalOf[node] = ending;
      else this.#shorter[own] = ending;
    }
  }

  #next(from: number, code: number): number {
    for (let node = from; ; node = this.#fallback[node]!) {
      const child = this.#children.get(node, code);
      if (child !== 0 || node === 0) return child;
    }
  }

  /** For each literal, the longest awaited one that it ends in, itself included. */
  #findNearest(nearest: Int32Array, awaited: Uint8Array): void {
    for (let literal = 0; literal < nearest.length; literal += 1) {
      const shorter = this.#shorter[literal]!;
      nearest[literal] = awaited[literal] === 1 ? literal : shorter === none ? none : nearest[shorter]!;
    }
  }
}

/** All nodes but the root, those nearest to it first. */
function byDepth(parents: readonly number[]): Int32Array {
  const depths = new Int32Array(parents.length);
  const starts: number[] = [0, 0];
  // A parent was made before its children.
  for (let node = 1; node < parents.length; node += 1) {
    const depth = depths[parents[node]!]! + 1;
    depths[node] = depth;
    starts[depth + 1] = (starts[depth + 1] ?? 0) + 1;
  }
  for (let depth = 1; depth < starts.length; depth += 1)
    starts[depth] = (starts[depth] ?? 0) + (starts[depth - 1] ?? 0);
  const order = new Int32Array(parents.length - 1);
  for (let node = 1; node < parents.length; node += 1) {
    const depth = depths[node]!;
    order[starts[depth]!] = node;
    starts[depth] = starts[depth]! + 1;
  }
  return order;
}
