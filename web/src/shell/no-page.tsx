/** What is shown at a path that no view has. */
import { address, apiHref, hrefOf, views } from '../base/address.ts';
import { viewNames } from './nav.tsx';

export function NoPage() {
  return (
    <main class="nowhere">
      <h2>No such page</h2>
      <p>
        There is nothing at <code>{address.value.nowhere}</code>. These are here:
      </p>
      <ul>
        {views.map((view) => (
          <li key={view}>
            <a href={hrefOf({ ...address.value, view })}>{viewNames[view]}</a>
          </li>
        ))}
        <li>
          <a href={apiHref}>The API</a>
        </li>
      </ul>
    </main>
  );
}
