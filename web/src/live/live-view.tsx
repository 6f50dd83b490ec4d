/** The live view: the feed's state, the list, and what to do where there is nothing to see. */
import { effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { address } from '../base/address.ts';
import { isNewestAbove } from '../base/preferences.ts';
import { Refusal } from '../base/refusal.tsx';
import { hasty, sluice } from '../base/session.ts';
import { numberText } from '../base/text.ts';
import { asked } from '../filter/asked.ts';
import { listenToKeys } from '../shell/keys.ts';
import { Empty } from './empty.tsx';
import { LiveFeed } from './feed.ts';
import { FeedStatus } from './feed-status.tsx';
import { LiveList } from './list.tsx';
import { createSelection, moveCurrent, toggle } from './selection.ts';

/** Of the filter and the credential in use; null where the line is no filter. It outlives a look at another view. */
const feed = signal<LiveFeed | null>(null);
const selection = signal(createSelection());

/** Begins with the first look at it: other views need no feed. */
let hasBegun = false;

function begin(): void {
  if (hasBegun) return;
  hasBegun = true;
  effect(() => {
    const question = asked.value;
    const clients = { sluice: sluice.value, hasty: hasty.value };
    feed.peek()?.stop();
    selection.value = createSelection();
    feed.value = question.refusal === null ? new LiveFeed(clients, question) : null;
  });
}

export function LiveView() {
  useEffect(begin, []);
  const running = feed.value;
  useEffect(() => (running === null ? undefined : listenToKeys(keysOf(running))), [running]);
  if (running === null) return <main class="live" />;
  return (
    <main class="live">
      <LiveBar feed={running} />
      <Refusal text={running.failure.value} />
      <LiveList feed={running} selection={selection.value} />
      <Empty feed={running} isFiltered={address.value.line !== ''} />
    </main>
  );
}

function keysOf(running: LiveFeed) {
  const { current, open } = selection.value;
  const flip = (): void => {
    if (current.value !== null) toggle(running, selection.value, current.value);
  };
  return {
    j: () => moveCurrent(running, selection.value, true),
    k: () => moveCurrent(running, selection.value, false),
    Enter: flip,
    o: flip,
    Escape: () => (open.value = null),
    ' ': () => (running.isPaused.value ? goOn(running) : running.pause()),
    n: () => jump(running),
  };
}

function goOn(running: LiveFeed): void {
  close();
  running.goOn();
}

function jump(running: LiveFeed): void {
  close();
  running.jumpToNow();
}

function close(): void {
  const { current, open } = selection.value;
  current.value = null;
  open.value = null;
}

function LiveBar({ feed: running }: { readonly feed: LiveFeed }) {
  const { isPaused, fresh } = running;
  const { count, isAbout } = fresh.value;
  const many = `${isAbout ? 'about ' : ''}${numberText(count)} new`;
  return (
    <div class="bar feed-bar">
      <FeedStatus feed={running} />
      {isPaused.value ? (
        <button type="button" class="main" onClick={() => goOn(running)}>
          Go on ({many})
        </button>
      ) : (
        <button type="button" onClick={() => running.pause()}>
          Pause
        </button>
      )}
      <button type="button" hidden={!isPaused.value || count === 0} onClick={() => jump(running)}>
        Jump to now
      </button>
      <button type="button" class="order" onClick={() => (isNewestAbove.value = !isNewestAbove.value)}>
        {isNewestAbove.value ? 'Newest above' : 'Newest below'}
      </button>
    </div>
  );
}
