/** What ClickHouse refused for its content, and how it is tried again. */
import { useSignal } from '@preact/signals';
import type { DeadLetterList } from '../../../schemas/dead-letter-list.ts';
import { isUtc } from '../base/preferences.ts';
import { Refusal } from '../base/refusal.tsx';
import { countText, timeText, visible } from '../base/text.ts';
import { usePoll } from './poll.ts';
import { Replay } from './replay.tsx';

const everyMs = 30_000;

/** `count`: by the books, so that a change is shown at once. */
export function DeadLetter({ count }: { readonly count: number }) {
  const again = useSignal(0);
  const { found, failure } = usePoll<DeadLetterList>('/admin/dead-letter', everyMs, `${count} ${again.value}`).value;
  const events = found?.events ?? [];
  const howMany = `${found?.more === true ? 'more than ' : ''}${countText(events.length, 'event')}`;
  return (
    <section aria-labelledby="dead-title">
      <h2 id="dead-title">Dead letter</h2>
      <Refusal text={failure} />
      <Replay
        events={events.length === 0 ? null : howMany}
        ended={() => {
          again.value += 1;
        }}
      />
      {events.length === 0 ? (
        <p class="hint">Empty: ClickHouse took every event.</p>
      ) : (
        <>
          <p class="hint">
            ClickHouse refused {howMany} for what is in them. They are kept until a replay brings them in.
          </p>
          <ul class="connections">
            {events.map(({ seq, id, since, reason }) => (
              <li key={seq}>
                <code>{visible(id)}</code>
                <span>since {timeText(since, isUtc.value)}</span>
                <span>{visible(reason)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
