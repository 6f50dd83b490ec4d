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
import { NoPage } from './shell/no-page.tsx';
import { TokenForm } from './shell/token-form.tsx';

const shownViews: Readonly<Record<View, () => preact.JSX.Element>> = {
  live: LiveView,
  counts: CountsView,
  server: ServerView,
};

function Console() {
  return (
    <>
      <Nav />
      <Page />
      <Help />
    </>
  );
}

function Page() {
  const { view, nowhere } = address.value;
  if (nowhere !== '') return <NoPage />;
  if (isRefused.value) return <TokenForm />;
  const Shown = shownViews[view];
  return (
    <>
      {view !== 'server' && <FilterBar />}
      <Shown />
    </>
  );
}

listenToKeys();
const place = document.getElementById('console');
if (place !== null) render(<Console />, place);
