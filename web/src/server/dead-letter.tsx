/** What ClickHouse refused for its content, and how it is tried again. */
import type { DeadLetterList } from '../../../schemas/dead-letter-list.ts';
import { isUtc } from '../base/preferences.ts';
import { Refusal } from '../base/refusal.tsx';
import { numberText, timeText, visible } from '../base/text.ts';
import { usePoll } from './poll.ts';

const everyMs = 30_000;

/** `count`: by the books, so that a change is shown at once. */
export function DeadLetter({ count }: { readonly count: number }) {
  const { found, failure } = usePoll<DeadLetterList>('/admin/dead-letter', everyMs, count).value;
  const events = found?.events ?? [];
  return (
    <section aria-labelledby="dead-title">
      <h2 id="dead-title">Dead letter</h2>
      <Refusal text={failure} />
      {events.length === 0 ? (
        <p class="hint">Empty: ClickHouse took every event.</p>
      ) : (
        <>
          <p class="hint">
            ClickHouse refused{' '}
            {found?.more === true ? `more than ${numberText(events.length)}` : numberText(events.length)} events for
            their content. They are kept. Stop Sluice and run <code>sluice dead-letter replay</code> to try them again.
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
