/** All kinds of hostile peers. Each has a file in `kinds/`; `npm run hostile` runs them in this order. */
import type { HostileKind } from './kind.ts';
import { costlyEvents } from './kinds/costly-events.ts';
import { costlyGlobs } from './kinds/costly-globs.ts';
import { deafEngine } from './kinds/deaf-engine.ts';
import { fewDescriptors } from './kinds/few-descriptors.ts';
import { filtersOfAMegabyte } from './kinds/filters-of-a-megabyte.ts';
import { logFilling } from './kinds/log-filling.ts';
import { logPipe } from './kinds/log-pipe.ts';
import { manyValues } from './kinds/many-values.ts';
import { slowFilters } from './kinds/slow-filters.ts';
import { strangers } from './kinds/strangers.ts';
import { unfinishedBodies } from './kinds/unfinished-bodies.ts';
import { unfinishedFirstMessages } from './kinds/unfinished-first-messages.ts';
import { unfinishedMessages } from './kinds/unfinished-messages.ts';
import { unreadPages } from './kinds/unread-pages.ts';
import { unreadStreams } from './kinds/unread-streams.ts';

export const kinds: readonly HostileKind[] = [
  ...[filtersOfAMegabyte, manyValues, unfinishedFirstMessages, unfinishedMessages, unfinishedBodies],
  ...[unreadPages, unreadStreams, logFilling, logPipe, fewDescriptors],
  ...[costlyGlobs, costlyEvents, slowFilters, deafEngine, strangers],
];
