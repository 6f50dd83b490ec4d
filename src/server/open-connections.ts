/**
 * The lasting connections that are open, each with a number and the time at which it came, and what an operator is told
 * of them.
 */
import type { ListedConnection } from '../../schemas/connection-list.ts';
import type { OpenConnection } from './connection.ts';

interface Arrival {
  readonly id: number;
  readonly atMs: number;
}

export class OpenConnections extends Set<OpenConnection> {
  readonly #arrivals = new WeakMap<OpenConnection, Arrival>();
  #count = 0;

  override add(connection: OpenConnection): this {
    this.#count += 1;
    this.#arrivals.set(connection, { id: this.#count, atMs: Date.now() });
    return super.add(connection);
  }

  /** By its number, as text; null for none, and for one that has gone. */
  find(id: string): OpenConnection | null {
    for (const connection of this) if (String(this.#arrivals.get(connection)?.id) === id) return connection;
    return null;
  }

  /** In the order in which they came. `eventsAbove`: how many events the log has above a seq. */
  list(eventsAbove: (seq: number) => number): ListedConnection[] {
    return [...this].map((connection) => {
      const { pressed, phase, identity, subscriberState: state } = connection;
      const { id = 0, atMs = 0 } = this.#arrivals.get(connection) ?? {};
      return {
        id,
        kind: state === null ? 'producer' : 'subscriber',
        transport: pressed === null ? 'stream' : 'websocket',
        phase,
        name: identity.name,
        opened: new Date(atMs).toISOString(),
        filter: state?.filter ?? null,
        lag_events: state === null || state.position === null ? null : eventsAbove(state.position),
        lagging: state?.isLagging ?? false,
        waiting_bytes: state?.bufferedBytes ?? 0,
      };
    });
  }
}
