/**
 * Lets the peer of one WebSocket in: judges its first message, and holds what it says meanwhile where keys must be
 * asked for first.
 */
import { authSuccess, authSuccessFrame } from '../../schemas/wire.ts';
import type { Allowance } from '../access/allowance.ts';
import { everything, type Identity, nobody, type Right } from '../access/identity.ts';
import { type AuthOutcome, authMessageBytesMax, longAuthMessageFarewell } from './authenticate.ts';
import { type ConnectionTools, farewellFor, farewellOf } from './connection.ts';
import type { Socket } from './socket.ts';

export type Admitted = AuthOutcome & { readonly ok: true };

/** Told once. */
export interface AdmissionListener {
  admitted(outcome: Admitted): void;
  refused(farewell: (AuthOutcome & { readonly ok: false })['farewell']): void;
  /** A message that came while the first one was judged. */
  received(bytes: Buffer, isBinary: boolean): void;
}

export class Admission {
  /** Called when it is over, one way or the other; for whom it is kept waiting for that. */
  whenOver: () => void = () => undefined;
  #identity: Identity = nobody;
  readonly #socket: Pick<Socket, 'send' | 'remote' | 'forwarded'>;
  readonly #tools: ConnectionTools;
  readonly #needs: Right;
  readonly #route: string;
  readonly #listener: AdmissionListener;
  /** What came while the first message was judged; null before that. */
  #held: { readonly bytes: Buffer; readonly isBinary: boolean }[] | null = null;
  #heldBytes = 0;
  #isOver = false;
  #allowance: Allowance | null = null;
  /** While who owes too much waits. */
  #waiting: NodeJS.Timeout | undefined;

  constructor(
    socket: Pick<Socket, 'send' | 'remote' | 'forwarded'>,
    tools: ConnectionTools,
    { needs, path, isLegacy }: { readonly needs: Right; readonly path: string; readonly isLegacy: boolean },
    listener: AdmissionListener,
  ) {
    this.#socket = socket;
    this.#tools = tools;
    this.#needs = needs;
    this.#route = `WS ${path}`;
    this.#listener = listener;
    if (!isLegacy) return;
    this.#identity = everything;
    tools.audit.connected(everything, this.#route, socket);
  }

  /** `nobody` until it is admitted. */
  get identity(): Identity {
    return this.#identity;
  }

  /** Null for who has no limits, and before it is admitted. */
  get allowance(): Allowance | null {
    return this.#allowance;
  }

  /** The socket has closed. */
  closed(): void {
    clearTimeout(this.#waiting);
    this.#isOver = true;
    this.#allowance?.leave();
    this.#allowance = null;
  }

  received(bytes: Buffer, isBinary: boolean): void {
    if (this.#held === null) this.#judge(bytes, isBinary);
    else this.#hold(bytes, isBinary);
  }

  #judge(bytes: Buffer, isBinary: boolean): void {
    const outcome = this.#tools.authenticator.readAuthMessage(bytes, isBinary);
    if (!(outcome instanceof Promise)) {
      this.#decide(outcome);
      return;
    }
    this.#held = [];
    const failed = (error: unknown): void => this.#listener.refused(farewellOf(error, this.#tools.parts));
    outcome.then((later) => this.#decide(later)).catch(failed);
  }

  #hold(bytes: Buffer, isBinary: boolean): void {
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > authMessageBytesMax) {
      this.#decide({ ok: false, farewell: tooEager, why: 'malformed auth message', identity: nobody });
      return;
    }
    // A copy: the bytes are valid during the call only.
    this.#held?.push({ bytes: Buffer.from(bytes), isBinary });
  }

  #decide(judged: AuthOutcome): void {
    if (this.#isOver) return;
    const outcome = this.#withLimits(this.#withRight(judged));
    if (outcome.ok) {
      this.#identity = outcome.identity;
      this.#admitWhenPaid(outcome);
    } else {
      this.#isOver = true;
      const { counters } = this.#tools.parts;
      if (outcome.farewell === longAuthMessageFarewell) counters.longAuthMessages += 1;
      this.#tools.audit.refused({ ...outcome, route: this.#route, from: this.#socket });
      this.#listener.refused(outcome.farewell);
    }
    this.whenOver();
  }

  /** Who owes too much waits for its answer: a client sends nothing before that. */
  #admitWhenPaid(outcome: Admitted): void {
    const debtMs = this.#needs === 'write' ? (this.#allowance?.debtMs() ?? 0) : 0;
    if (debtMs === 0) {
      this.#admit(outcome);
      return;
    }
    this.#held ??= [];
    this.#waiting = setTimeout(() => this.#admitWhenPaid(outcome), debtMs);
  }

  #admit(outcome: Admitted): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const held = this.#held ?? [];
    this.#held = [];
    this.#tools.audit.connected(outcome.identity, this.#route, this.#socket);
    this.#socket.send(outcome.acks ? authSuccessFrame(this.#tools.parts.options.pingMs) : authSuccess);
    this.#listener.admitted(outcome);
    for (const { bytes, isBinary } of held) this.#listener.received(bytes, isBinary);
  }

  #withLimits(outcome: AuthOutcome): AuthOutcome {
    if (!outcome.ok) return outcome;
    const { allowances, counters } = this.#tools.parts;
    const allowance = allowances.of(outcome.identity);
    const refusal = allowance?.enter() ?? null;
    if (refusal === null) {
      this.#allowance = allowance;
      return outcome;
    }
    counters.limited += 1;
    const { identity } = outcome;
    return { ok: false, farewell: farewellFor(refusal.failure, refusal.message), why: 'limit of the token', identity };
  }

  #withRight(outcome: AuthOutcome): AuthOutcome {
    if (!outcome.ok || outcome.identity.rights.has(this.#needs)) return outcome;
    this.#tools.parts.counters.forbidden += 1;
    const farewell = farewellFor('forbidden', `This needs the right to ${this.#needs}`);
    return { ok: false, farewell, why: 'missing right', identity: outcome.identity };
  }
}

const tooEager = farewellFor('bodyTooLarge', `More than ${authMessageBytesMax} bytes came before 'auth_success'`);
