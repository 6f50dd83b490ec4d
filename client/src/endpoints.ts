/** The addresses of one server, of which the next is taken when one fails, and what it is told of who asks. */
import type { ConnectOptions, Token } from './options.ts';

export class Endpoints {
  readonly #bases: readonly string[];
  readonly #token: Token;
  #at = 0;

  /** Throws TypeError for an address that is none. */
  constructor({ url, token = null }: Pick<ConnectOptions, 'url' | 'token'>) {
    this.#bases = (typeof url === 'string' ? [url] : url).map(baseOf);
    if (this.#bases.length === 0) throw new TypeError('url: an empty list');
    this.#token = token;
  }

  /** Ends in `/api`. */
  get base(): string {
    return this.#bases[this.#at % this.#bases.length] ?? '';
  }

  get socketBase(): string {
    return this.base.replace(/^http/, 'ws');
  }

  /** That address failed: the next one is asked. */
  moveOn(): void {
    this.#at += 1;
  }

  /** Whether another answer may come when it is asked once more. */
  get mayRenew(): boolean {
    return typeof this.#token === 'function';
  }

  async token(): Promise<string | null> {
    return typeof this.#token === 'function' ? await this.#token() : this.#token;
  }
}

/** `Authorization`, as Prefect has it: the auth string in base64. */
export function authorizationOf(token: string): string {
  let bytes = '';
  for (const byte of new TextEncoder().encode(token)) bytes += String.fromCharCode(byte);
  return `Basic ${btoa(bytes)}`;
}

function baseOf(text: string): string {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) throw new TypeError(`url: ${text} is not http or https`);
  const path = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${path.endsWith('/api') ? path : `${path}/api`}`;
}
