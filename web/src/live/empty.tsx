/** Where nothing is to be seen: why, and how the first event is sent. */
import { useSignal } from '@preact/signals';
import { baseUrl } from '../base/address.ts';
import { sentenceOf } from '../base/failure.ts';
import { Refusal } from '../base/refusal.tsx';
import { hasToken, sluice } from '../base/session.ts';
import type { LiveFeed } from './feed.ts';

export function Empty({ feed, isFiltered }: { readonly feed: LiveFeed; readonly isFiltered: boolean }) {
  void feed.drawn.value;
  if (!feed.isLive.value || hasEvents(feed)) return null;
  if (isFiltered) return <p class="empty">No event fits this filter yet. The next one shows up here.</p>;
  return (
    <section class="empty" aria-label="No events yet">
      <h2>No events yet</h2>
      <p>Send the first one: from here, or from anywhere by HTTP.</p>
      <SendFirst />
      <pre>{curl()}</pre>
    </section>
  );
}

function SendFirst() {
  const said = useSignal<string | null>(null);
  const send = async (): Promise<void> => {
    const publisher = sluice.value.publisher();
    try {
      await publisher.emit({
        event: 'sluice.hello',
        resource: { 'prefect.resource.id': 'sluice.console' },
        payload: { text: 'Hello from the console' },
      });
    } catch (error) {
      said.value = sentenceOf(error);
    } finally {
      await publisher.close();
    }
  };
  return (
    <>
      <button type="button" class="main" onClick={() => void send()}>
        Send an event
      </button>
      <Refusal text={said.value} />
    </>
  );
}

function curl(): string {
  const event = `{"event":"sluice.hello","occurred":"'$(date -u +%FT%TZ)'","id":"'$(uuidgen)'",
  "resource":{"prefect.resource.id":"my.first"}}`;
  const sign = hasToken.value ? ` \\\n  -H "Authorization: Bearer $SLUICE_TOKEN"` : '';
  return `curl ${baseUrl}api/events -H 'Content-Type: application/json'${sign} \\\n  -d '[${event}]'`;
}

/** Lines between events are none. */
function hasEvents({ shown }: LiveFeed): boolean {
  for (let index = shown.length - 1; index >= 0; index -= 1) if (shown.at(index)?.kind === 'event') return true;
  return false;
}
