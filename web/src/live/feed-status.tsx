/** How the feed stands, in words. */
import type { LiveFeed } from './feed.ts';

export function FeedStatus({ feed }: { readonly feed: LiveFeed }) {
  const [tone, text] = said(feed);
  return (
    <p class={`status status-${tone}`} role="status">
      {text}
    </p>
  );
}

function said({ status, isPaused, isLive, failure }: LiveFeed): readonly [tone: string, text: string] {
  const phase = status.value?.phase ?? 'idle';
  if (failure.value !== null) return ['bad', 'No feed'];
  if (phase === 'waiting') return ['bad', 'Not connected, trying again'];
  if (isPaused.value) return ['calm', 'Paused'];
  if (phase === 'live') return ['good', 'Live'];
  if (phase === 'connecting' || phase === 'idle') return ['calm', 'Connecting'];
  return ['calm', isLive.value ? 'Catching up' : 'Reading history'];
}
