/**
 * What a gateway has seen of the forwarder's key. NATS may lose what it was last told, by a power cut for one: then the
 * key goes back, and does not know any more what was sent. What was seen here is remembered, and all that this gateway
 * has by then may have been sent.
 */
import type { KnownHolder, Lease } from '../base/lease.ts';
import type { KeptPlace } from '../forwarder/kept-place.ts';

interface Seen extends KnownHolder<KeptPlace> {
  readonly revision: number;
}

export class SeenPlace {
  #last: Seen | null = null;
  #confirmed = 0;
  #maybeSentUpTo = 0;
  /** Since the key went back: up to here any event may have been sent. */
  #doubtUpTo = 0;

  /** To be called before and behind each look; `mark`: what this gateway has. Gives whether the key went back since. */
  look({ known, revision }: Pick<Lease<KeptPlace>, 'known' | 'revision'>, mark: number): boolean {
    if (known === null || known.state === null) return false;
    const { confirmed, maybeSentUpTo } = known.state;
    const wentBack = this.#wentBack(known, revision);
    if (wentBack) this.#doubtUpTo = Math.max(this.#doubtUpTo, this.#maybeSentUpTo, mark);
    this.#last = { ...known, revision };
    this.#confirmed = Math.max(this.#confirmed, confirmed);
    this.#maybeSentUpTo = Math.max(this.#maybeSentUpTo, maybeSentUpTo);
    return wentBack;
  }

  /** The place with what is known beside the key. */
  add(place: KeptPlace): KeptPlace {
    const confirmed = Math.max(place.confirmed, this.#confirmed);
    return { ...place, confirmed, maybeSentUpTo: Math.max(place.maybeSentUpTo, confirmed, this.#doubtUpTo) };
  }

  /** Each holder has a term of its own, which it may only end. */
  #wentBack({ term, holder, state }: KnownHolder<KeptPlace>, revision: number): boolean {
    const last = this.#last;
    if (last === null) return false;
    const isOther = term === last.term && holder !== '' && holder !== last.holder;
    return (
      isOther || term < last.term || revision < last.revision || (state?.confirmed ?? 0) < (last.state?.confirmed ?? 0)
    );
  }
}
