/** The dead letter tried again: asked twice, begun, and told how it goes. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { DeadLetterReplay } from '../../../schemas/dead-letter-replay.ts';
import { sentenceOf } from '../base/failure.ts';
import { isUtc } from '../base/preferences.ts';
import { Refusal } from '../base/refusal.tsx';
import { http } from '../base/session.ts';
import { clockText, numberText, visible } from '../base/text.ts';
import { usePoll } from './poll.ts';

const path = '/admin/dead-letter/replay';
/** Another operator may begin one, too. */
const idleMs = 10_000;
const runningMs = 500;

/** `events`: how many there are, as a person reads it; null for none. `ended` is called when one has ended. */
export function Replay({ events, ended }: { readonly events: string | null; readonly ended: () => void }) {
  const again = useSignal(0);
  const everyMs = useSignal(idleMs);
  const refusal = useSignal<string | null>(null);
  const { found, failure } = usePoll<DeadLetterReplay>(path, everyMs.value, again.value).value;
  const state = found?.state ?? 'none';
  useEffect(() => {
    everyMs.value = state === 'running' ? runningMs : idleMs;
    if (state === 'done' || state === 'failed') ended();
  }, [state, found?.ended]);
  const begin = async (): Promise<void> => {
    try {
      await http.value.once({ method: 'POST', path, body: '{}' });
      refusal.value = null;
    } catch (error) {
      refusal.value = sentenceOf(error);
    }
    again.value += 1;
  };
  return (
    <>
      <Refusal text={refusal.value ?? failure} />
      {events !== null && state !== 'running' && <Ask events={events} begin={() => void begin()} />}
      <p class="hint" role="status">
        {found !== null && visible(sentenceFor(found))}
      </p>
      {state !== 'running' && found !== null && found.refusals.length > 0 && <Refusals replay={found} />}
    </>
  );
}

/** The button, and whether it is meant. */
function Ask({ events, begin }: { readonly events: string; readonly begin: () => void }) {
  const isAsked = useSignal(false);
  const yes = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isAsked.value) yes.current?.focus();
  }, [isAsked.value]);
  const answer = (isMeant: boolean) => () => {
    isAsked.value = false;
    if (isMeant) begin();
  };
  if (!isAsked.value) {
    return (
      <button
        type="button"
        onClick={() => {
          isAsked.value = true;
        }}
      >
        Replay
      </button>
    );
  }
  return (
    <fieldset class="ask" aria-label="Replay the dead letter">
      <span>
        Try {events} again? Sluice goes on meanwhile. What ClickHouse takes is stored once and leaves the dead letter.
      </span>
      <button type="button" class="main" ref={yes} onClick={answer(true)}>
        Replay now
      </button>
      <button type="button" onClick={answer(false)}>
        Cancel
      </button>
    </fieldset>
  );
}

function Refusals({ replay: { refusals, kept } }: { readonly replay: DeadLetterReplay }) {
  return (
    <details>
      <summary>Why {kept > refusals.length ? `the first ${refusals.length} of them` : 'they'} stay</summary>
      <ul class="connections">
        {refusals.map(({ seq, id, reason }) => (
          <li key={seq}>
            <code>{visible(id)}</code>
            <span>{visible(reason)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function sentenceFor({ state, started, ended, total, tried, stored, kept, reason }: DeadLetterReplay): string {
  const sum = `${numberText(stored)} stored, ${numberText(kept)} stay.`;
  const done = `${numberText(tried)} of ${numberText(total)}`;
  switch (state) {
    case 'none':
      return '';
    case 'running':
      return `Replaying since ${clockText(started ?? '', isUtc.value)}: ${done} tried, ${sum}`;
    case 'done':
      return `Replayed, until ${clockText(ended ?? '', isUtc.value)}: ${sum}`;
    case 'failed':
      return `The replay ended early: ${reason} ${done} were tried, ${sum}`;
  }
}
