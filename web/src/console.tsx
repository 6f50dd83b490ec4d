/** The console of Sluice: starts the page. */
import { render } from 'preact';
import { address, type View } from './base/address.ts';
import { isRefused } from './base/session.ts';
import './console.css';
import { CountsView } from './counts/counts-view.tsx';
import { FilterBar } from './filter/filter-bar.tsx';
import { LiveView } from './live/live-view.tsx';
import { ServerView } from './server/server-view.tsx';
import { Help } from './shell/help.tsx';
import { listenToKeys } from './shell/keys.ts';
import { Nav } from './shell/nav.tsx';
import { TokenForm } from './shell/token-form.tsx';

const shownViews: Readonly<Record<View, () => preact.JSX.Element>> = {
  live: LiveView,
  counts: CountsView,
  server: ServerView,
};

function Console() {
  const Shown = shownViews[address.value.view];
  return (
    <>
      <Nav />
      {isRefused.value ? (
        <TokenForm />
      ) : (
        <>
          {address.value.view !== 'server' && <FilterBar />}
          <Shown />
        </>
      )}
      <Help />
    </>
  );
}

listenToKeys();
const place = document.getElementById('console');
if (place !== null) render(<Console />, place);
