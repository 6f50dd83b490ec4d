/** A subscription as an Observable: what RxJS and its like take, without any of them. */
import type { Message } from './message.ts';
import type { Subscription } from './subscription.ts';

declare global {
  interface SymbolConstructor {
    /** As RxJS and its like declare it. Not in every engine. */
    readonly observable: symbol;
  }
}

export interface Observer<Value> {
  next?(value: Value): void;
  error?(error: unknown): void;
  complete?(): void;
}

/** Each subscriber has a connection of its own. There is no back pressure: `next` is to keep up. */
export interface Observed<Value> {
  subscribe(observer: Observer<Value> | ((value: Value) => void)): { unsubscribe(): void };
  /** Under `Symbol.observable`, or under `@@observable` where the engine has none. */
  [Symbol.observable](): Observed<Value>;
}

/** `open` opens a subscription that ends with its signal. */
export function observed(open: (signal: AbortSignal) => Subscription): Observed<Message> {
  const observable = {
    subscribe(given: Observer<Message> | ((value: Message) => void)) {
      const observer = typeof given === 'function' ? { next: given } : given;
      const ending = new AbortController();
      void feed(open(ending.signal), observer, ending.signal);
      return { unsubscribe: () => ending.abort() };
    },
    '@@observable': () => observable,
  };
  const key = Symbol.observable as symbol | undefined; // not in every engine
  if (key !== undefined) Object.defineProperty(observable, key, { value: () => observable });
  return observable as unknown as Observed<Message>; // under one of the two names, as promised
}

async function feed(messages: Subscription, observer: Observer<Message>, signal: AbortSignal): Promise<void> {
  try {
    for await (const message of messages) observer.next?.(message);
  } catch (error) {
    if (!signal.aborted) observer.error?.(error);
    return;
  }
  if (!signal.aborted) observer.complete?.();
}
