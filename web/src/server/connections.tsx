/** Who is connected, the slowest first, and a way to end each. */
import { useSignal } from '@preact/signals';
import type { ConnectionList, ListedConnection } from '../../../schemas/connection-list.ts';
import { sentenceOf } from '../base/failure.ts';
import { isUtc } from '../base/preferences.ts';
import { Refusal } from '../base/refusal.tsx';
import { http } from '../base/session.ts';
import { bytesText, countText, numberText, timeText, visible } from '../base/text.ts';
import { usePoll } from './poll.ts';

const everyMs = 2_000;
const shownMax = 100;

export function Connections() {
  const again = useSignal(0);
  const refusal = useSignal<string | null>(null);
  const { found, failure } = usePoll<ConnectionList>('/admin/connections', everyMs, again.value).value;
  const all = [...(found?.connections ?? [])].sort(slowestFirst);
  const close = async ({ id }: ListedConnection): Promise<void> => {
    try {
      await http.value.once({ method: 'DELETE', path: `/admin/connections/${id}` });
      refusal.value = null;
    } catch (error) {
      refusal.value = sentenceOf(error);
    }
    again.value += 1;
  };
  const why = refusal.value ?? failure;
  return (
    <section aria-labelledby="connections-title">
      <h2 id="connections-title">{countText(all.length, 'connection')}</h2>
      <p class="hint">
        The slowest first, by how many events of the log it was not given yet. Closing tells the client “closed by an
        operator”; a client of ours then does not come back by itself.
      </p>
      <Refusal text={why} />
      <ul class="connections">
        {all.slice(0, shownMax).map((connection) => (
          <Line key={connection.id} connection={connection} close={() => void close(connection)} />
        ))}
      </ul>
      {all.length > shownMax && <p class="hint">The other {numberText(all.length - shownMax)} are left out here.</p>}
    </section>
  );
}

function Line({ connection, close }: { readonly connection: ListedConnection; readonly close: () => void }) {
  const { id, kind, transport, phase, name, opened, filter, lagging, waiting_bytes: waiting } = connection;
  const lag = lagText(connection);
  const state = lagging ? 'catching up' : phase;
  return (
    <li class={lagging ? 'bad' : ''}>
      <strong>
        {visible(name)} <span class="count">#{id}</span>
      </strong>
      <span>
        {kind} by {transport === 'stream' ? 'event stream' : 'WebSocket'}, {visible(state)}, since{' '}
        {timeText(opened, isUtc.value)}
      </span>
      {lag !== null && <span>{lag}</span>}
      {kind === 'subscriber' && <span>{bytesText(waiting)} wait for it</span>}
      {filter !== null && <code>{visible(filter)}</code>}
      <button
        type="button"
        aria-label={`Close connection ${id} of ${visible(name)}: closed by an operator`}
        onClick={close}
      >
        Close
      </button>
    </li>
  );
}

function slowestFirst(one: ListedConnection, other: ListedConnection): number {
  const [lag, otherLag] = [lagOf(one), lagOf(other)];
  return (lag === otherLag ? 0 : otherLag - lag) || other.waiting_bytes - one.waiting_bytes || one.id - other.id;
}

/** In events. Who reads history has all of the log before it. */
function lagOf(connection: ListedConnection): number {
  return connection.lag_events ?? (readsHistory(connection) ? Number.POSITIVE_INFINITY : -1);
}

function readsHistory({ kind, phase, lag_events: lag }: ListedConnection): boolean {
  return kind === 'subscriber' && phase === 'streaming' && lag === null;
}

/** Null where nothing is to be said. */
function lagText(connection: ListedConnection): string | null {
  if (readsHistory(connection)) return 'reads history';
  const { lag_events: lag } = connection;
  return lag === null ? null : `${countText(lag, 'event')} behind`;
}
