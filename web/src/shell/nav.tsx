/** The head of the page: where one is, and how times are shown. */
import { address, apiHref, go, hrefOf, type View, views } from '../base/address.ts';
import { isUtc } from '../base/preferences.ts';
import { hasToken, useToken } from '../base/session.ts';
import { isHelpOpen } from './help.tsx';

export const viewNames: Readonly<Record<View, string>> = { live: 'Live', counts: 'Counts', server: 'Server' };

export function Nav() {
  return (
    <header>
      <h1>Sluice</h1>
      <nav aria-label="Views">
        {views.map((view) => (
          <a
            key={view}
            href={hrefOf({ ...address.value, view })}
            aria-current={address.value.view === view && address.value.nowhere === '' ? 'page' : undefined}
            onClick={(event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
              event.preventDefault();
              go({ view });
            }}
          >
            {viewNames[view]}
          </a>
        ))}
      </nav>
      <div class="tools">
        <a href={apiHref}>API</a>
        <button type="button" title="How times are shown" onClick={() => (isUtc.value = !isUtc.value)}>
          {isUtc.value ? 'UTC' : 'Local time'}
        </button>
        {hasToken.value && (
          <button type="button" onClick={() => useToken(null)}>
            Forget token
          </button>
        )}
        <button type="button" aria-label="Help and keys" onClick={() => (isHelpOpen.value = true)}>
          ?
        </button>
      </div>
    </header>
  );
}
