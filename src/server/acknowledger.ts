/**
 * Tells one producer up to which of its messages all is durable (I1): once for each turn that brought some, when the
 * log's horizon has passed what they rely on.
 */
export class Acknowledger {
  readonly #messages: () => number;
  readonly #whenDurable: () => Promise<void>;
  readonly #tell: (message: number) => void;
  /** A message that is not told of yet has its turn. */
  #isUnderWay = false;

  /**
   * `messages`: how many there were so far; `whenDurable`: of all of them, rejects if some are lost, which ends the
   * connection elsewhere.
   */
  constructor(messages: () => number, whenDurable: () => Promise<void>, tell: (message: number) => void) {
    this.#messages = messages;
    this.#whenDurable = whenDurable;
    this.#tell = tell;
  }

  /** A message has just been taken or refused. */
  took(): void {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    // Behind the commit of this turn's group, which its first message has set up.
    setImmediate(() => this.#gather());
  }

  #gather(): void {
    const message = this.#messages();
    this.#whenDurable().then(
      () => {
        this.#tell(message);
        if (this.#messages() > message) this.#gather();
        else this.#isUnderWay = false;
      },
      () => undefined,
    );
  }
}
