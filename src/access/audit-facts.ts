/**
 * What the audit log says. Each word of a line comes from here, from the operator (a token's name), from a JWT that
 * holds (its `sub`) or from the system (an address): never from what a peer sent otherwise, so no secret of it.
 */
import { cutText } from '../base/log-limit.ts';
import { everything, type Identity, nobody, type Right } from './identity.ts';

/** Who did it. `anyone` is everybody of a server without a credential. */
export type Who =
  | { readonly kind: 'anyone' | 'auth string' }
  | { readonly kind: 'token'; readonly id: string; readonly name: string }
  | { readonly kind: 'jwt'; readonly name: string };

/** Where a peer is, as an address; `via` is the proxy that says so. */
export interface PeerAddress {
  readonly address: string;
  readonly via?: string;
}

/** What an operator did or tried to do: by a command, by a request, or by starting and stopping. */
export type OperatorFact =
  | { readonly what: 'started' | 'stopped' | 'adopted' | 'recovered' | 'forwarding skipped' }
  | { readonly what: 'handed over' | 'log recovered' }
  | { readonly what: 'log upgraded'; readonly rules: number }
  | { readonly what: 'dead letter dropped'; readonly events: number }
  | { readonly what: 'gateway let go'; readonly gateway: string }
  | { readonly what: 'tried' | 'failed' | 'nothing to do'; readonly command: FolderCommand }
  | { readonly what: 'replay begun'; readonly by: string }
  | { readonly what: 'replayed'; readonly ok: boolean }
  | ConnectionClosed
  | { readonly what: 'token made'; readonly token: ShownToken }
  | { readonly what: 'token revoked'; readonly token: Pick<ShownToken, 'id' | 'name'> };

export interface ConnectionClosed {
  readonly what: 'connection closed';
  readonly who: Who;
  /** Its number, as the list of connections has it. */
  readonly connection: number;
  /** Whose it was; null where nobody is known yet. */
  readonly of: Who | null;
}

/** Commands that change a data folder on which no Sluice runs, or what gateways share. */
export type FolderCommand = (typeof folderCommands)[number] | (typeof clusterCommands)[number];
export const folderCommands = ['adopt', 'recover', 'prefect skip', 'dead-letter replay'] as const;
export const clusterCommands = [
  ...(['cluster init', 'cluster recover', 'cluster upgrade', 'cluster leave', 'cluster skip'] as const),
  'dead-letter drop',
] as const;

export interface ShownToken {
  readonly id: string;
  readonly name: string;
  readonly rights: readonly Right[];
  readonly expires: string | null;
  readonly hasFilter: boolean;
}

/** Who came in: a socket or stream `connected`, `asked` is a credential's first request in an hour with a right. */
export interface EntryFact {
  readonly what: 'connected' | 'asked' | 'ended';
  readonly who: Who;
  /** As `POST /events`: never what was sent. */
  readonly route?: string;
  readonly from?: PeerAddress;
  /** Sockets and streams that ended with the credential. */
  readonly connections?: number;
}

export const refusalReasons = [
  'no credential',
  'wrong credential',
  'ended credential',
  'malformed auth message',
  'missing right',
  'limit of the token',
  'page, export or resume token',
  'origin',
  'no subprotocol',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

export interface RefusalFact {
  readonly what: 'refused';
  readonly why: RefusalReason;
  /** Null where that is not known. */
  readonly who: Who | null;
  readonly route: string;
  readonly from: PeerAddress;
}

const nameCharactersMax = 200;

/** `isRequired`: the server lets nobody in without a credential. */
export function whoIs(identity: Identity, isRequired: boolean): Who {
  if (identity === everything) return isRequired ? { kind: 'auth string' } : { kind: 'anyone' };
  const name = cutText(identity.name, nameCharactersMax);
  const [kind, id = ''] = identity.seal.split(':');
  return kind === 'token' ? { kind, id, name } : { kind: 'jwt', name };
}

/** The same; null for one that has no credential, or none that holds. */
export function knownWho(identity: Identity, isRequired: boolean): Who | null {
  return identity === nobody ? null : whoIs(identity, isRequired);
}

/** For a count of what was left out. */
export function nameOf(who: Who): string {
  return 'name' in who ? `${who.kind} ${who.name}` : who.kind;
}
