/**
 * What the edge tells the audit log: who connected, who asked for the first time in an hour, and who was refused. Of a
 * request only its route is told, never its path, query or headers.
 */
import type { Audit } from '../access/audit.ts';
import { knownWho, nameOf, type RefusalReason, type Who, whoIs } from '../access/audit-facts.ts';
import type { Credentials } from '../access/credentials.ts';
import type { Identity, Right } from '../access/identity.ts';
import type { ServerParts } from './parts.ts';
import { type Peer, peerReader, type ReadPeer } from './peer-address.ts';

export interface Refused {
  readonly why: RefusalReason;
  /** Whose credential it was; `nobody` where that is not known. */
  readonly identity: Identity;
  readonly route: string;
  readonly from: Peer;
}

const askedMs = 60 * 60_000;
const askersMax = 10_000;

export class EdgeAudit {
  readonly #audit: Pick<Audit, 'entered' | 'refused'>;
  readonly #credentials: Pick<Credentials, 'isRequired'>;
  readonly #readPeer: ReadPeer;
  /** By right, those who have asked in this hour. */
  readonly #askers: Readonly<Record<Right | 'none', Set<string>>> = {
    read: new Set(),
    write: new Set(),
    admin: new Set(),
    none: new Set(),
  };
  readonly #hours: NodeJS.Timeout;

  constructor({ audit, credentials, options }: Pick<ServerParts, 'audit' | 'credentials' | 'options'>) {
    this.#audit = audit;
    this.#credentials = credentials;
    this.#readPeer = peerReader(options.trustedProxies);
    this.#hours = setInterval(() => this.#forget(), askedMs).unref();
  }

  stop(): void {
    clearInterval(this.#hours);
  }

  /** Whether a request of this identity with this right is the first one in an hour: then tell `asked`. */
  isNew(identity: Identity, needs: Right | undefined): boolean {
    const askers = this.#askers[needs ?? 'none'];
    if (askers.has(identity.seal)) return false;
    if (askers.size >= askersMax) askers.clear();
    askers.add(identity.seal);
    return true;
  }

  asked(identity: Identity, route: string, from: Peer): void {
    this.#entered('asked', identity, route, from);
  }

  connected(identity: Identity, route: string, from: Peer): void {
    this.#entered('connected', identity, route, from);
  }

  /** So many sockets and streams were closed, for their credential holds no more. */
  ended(identity: Identity, connections: number): void {
    const who = this.#whoIs(identity);
    this.#audit.entered(`ended, ${nameOf(who)}`, () => ({ what: 'ended', who, connections }));
  }

  refused({ why, identity, route, from }: Refused): void {
    const who = knownWho(identity, this.#credentials.isRequired);
    const group = who === null ? `${why}, ${route}` : `${why}, ${route}, ${nameOf(who)}`;
    this.#audit.refused(group, () => ({ what: 'refused', why, who, route, from: this.#readPeer(from) }));
  }

  #entered(what: 'asked' | 'connected', identity: Identity, route: string, from: Peer): void {
    const who = this.#whoIs(identity);
    this.#audit.entered(`${what}, ${nameOf(who)}`, () => ({ what, who, route, from: this.#readPeer(from) }));
  }

  #whoIs(identity: Identity): Who {
    return whoIs(identity, this.#credentials.isRequired);
  }

  #forget(): void {
    for (const askers of Object.values(this.#askers)) askers.clear();
  }
}
