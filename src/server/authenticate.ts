/**
 * Who talks to us: the Authorization header of a request, and the first message of a WebSocket
 * (docs/prefect-facts.md, "The auth string", "The handshake of a WebSocket").
 */
import type { Farewell } from '../../actors/ports.ts';
import type { AuthMessage } from '../../schemas/wire.ts';
import type { RefusalReason } from '../access/audit-facts.ts';
import type { Credentials } from '../access/credentials.ts';
import { everything, type Identity, nobody } from '../access/identity.ts';
import { failures } from '../base/errors.ts';
import { readObject } from './read-message.ts';

/** At once, or where keys must be asked for first, later. */
export type Soon<Value> = Value | Promise<Value>;

export interface Authenticator {
  /** Without it, everybody is let in. */
  readonly isRequired: boolean;
  /** Null for a header of nobody. May reject with Failure `keysUnavailable`. */
  identify(authorization: string): Soon<Identity | null>;
  /** Why a header of nobody is refused. */
  whyNobody(authorization: string): Rejection;
  /** May reject with Failure `keysUnavailable`. */
  readAuthMessage(bytes: Buffer, isBinary: boolean): Soon<AuthOutcome>;
}

export interface Rejection {
  readonly why: RefusalReason;
  /** Whose credential it was; `nobody` where that is not known. */
  readonly identity: Identity;
}

export type AuthOutcome =
  /** `rejects`: the producer wants bad messages named instead of its connection closed. `acks`: see AuthMessage. */
  | { readonly ok: true; readonly identity: Identity; readonly rejects: boolean; readonly acks: boolean }
  | ({ readonly ok: false; readonly farewell: Farewell } & Rejection);

/** What an auth message may have: it holds a token and little else. */
export const authMessageBytesMax = 64 * 1024;

/** How a peer ends whose first message is longer: it is not parsed. */
export const longAuthMessageFarewell = {
  code: failures.bodyTooLarge.code,
  reason: `The auth message is larger than ${authMessageBytesMax} bytes`,
};

export function createAuthenticator(
  credentials: Pick<Credentials, 'isRequired' | 'identify' | 'findEnded'>,
): Authenticator {
  function identify(authorization: string): Soon<Identity | null> {
    if (!credentials.isRequired) return everything;
    if (authorization.startsWith('Bearer ')) return credentials.identify(authorization.slice(7).trim(), 'token');
    const secret = authorization.startsWith('Basic ') ? decode(authorization.slice(6).trim()) : null;
    return secret === null ? null : credentials.identify(secret, 'any');
  }

  function whyNobody(authorization: string): Rejection {
    if (authorization === '') return withoutCredential;
    const [scheme, given = ''] = authorization.split(/ +/);
    return whyNot(scheme === 'Basic' ? (decode(given) ?? '') : given);
  }

  function whyNot(secret: string): Rejection {
    const ended = credentials.findEnded(secret);
    return ended === null ? wrongCredential : { why: 'ended credential', identity: ended };
  }

  function readAuthMessage(bytes: Buffer, isBinary: boolean): Soon<AuthOutcome> {
    if (bytes.length > authMessageBytesMax) return { ok: false, farewell: longAuthMessageFarewell, ...malformed };
    const message = readObject<AuthMessage>(bytes, isBinary);
    if (message === null) return brokenOff;
    if (message.type !== 'auth') return refused("Expected 'auth' message", malformed);
    const asked = { rejects: message.rejects === true, acks: message.acks === true };
    const { token } = message;
    const admit = (identity: Identity | null): AuthOutcome =>
      identity === null ? refused('Invalid token', whyNot(String(token))) : { ok: true, identity, ...asked };
    if (!credentials.isRequired) return admit(everything);
    if (isEmpty(token)) return refused('Auth required but no token provided', withoutCredential);
    if (typeof token !== 'string') return brokenOff;
    const found = credentials.identify(token, 'any');
    return found instanceof Promise ? found.then(admit) : admit(found);
  }

  return {
    get isRequired() {
      return credentials.isRequired;
    },
    identify,
    whyNobody,
    readAuthMessage,
  };
}

/** Null for what is no base64, or a second spelling of it. */
function decode(base64: string): string | null {
  const text = Buffer.from(base64, 'base64').toString();
  return Buffer.from(text).toString('base64') === base64 ? text : null;
}

const malformed: Rejection = { why: 'malformed auth message', identity: nobody };
const withoutCredential: Rejection = { why: 'no credential', identity: nobody };
const wrongCredential: Rejection = { why: 'wrong credential', identity: nobody };

const brokenOff: AuthOutcome = { ok: false, farewell: null, ...malformed };

function refused(reason: string, rejection: Rejection): AuthOutcome {
  return { ok: false, farewell: { code: failures.unauthorized.code, reason }, ...rejection };
}

/** False in Python: no token at all. */
function isEmpty(token: unknown): boolean {
  return token === undefined || token === null || token === '' || token === false || token === 0;
}
