/** How the server stands, for who runs it: behind the right `admin`. */

import type { ServerStatus } from '../../../schemas/server-status.ts';
import { isUtc } from '../base/preferences.ts';
import { Refusal } from '../base/refusal.tsx';
import { timeText, visible } from '../base/text.ts';
import { Connections } from './connections.tsx';
import { DeadLetter } from './dead-letter.tsx';
import { type Fact, factsOf } from './facts.ts';
import { usePoll } from './poll.ts';

const everyMs = 2_000;

export function ServerView() {
  const { found, failure } = usePoll<ServerStatus>('/admin/status', everyMs).value;
  return (
    <main class="server">
      <Refusal text={failure} />
      {found !== null && (
        <>
          <p class="hint">
            Sluice {found.version}, running since {timeText(found.startedAt, isUtc.value)}. Looked at every two seconds.
          </p>
          <dl class="facts">
            {factsOf(found).map((fact) => (
              <FactCard key={fact.name} fact={fact} />
            ))}
          </dl>
          <Connections />
          <DeadLetter count={found.epochBook.deadLettered} />
        </>
      )}
    </main>
  );
}

function FactCard({ fact: { name, value, sentence, isBad = false } }: { readonly fact: Fact }) {
  return (
    <div class={isBad ? 'fact bad' : 'fact'}>
      <dt>{name}</dt>
      <dd>
        <strong>{visible(value)}</strong> {visible(sentence)}
      </dd>
    </div>
  );
}
