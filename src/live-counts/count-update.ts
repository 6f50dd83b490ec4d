/**
 * One state of a live count, as frames: what is different from the state before, and the whole. Each text is made once,
 * when it is first wanted, for all readers.
 */

import type { Observable } from 'rxjs';
import type { CountsFrame } from '../../schemas/count-frames.ts';
import type { ListChanges } from './count-list.ts';

export interface Update {
  readonly position: number;
  /** Null where nothing is different. */
  readonly changes: string | null;
  whole(): string;
}

/** A question that is asked, and how its readers are told. */
export interface Asked {
  readonly updates$: Observable<Update>;
  /** Who has joined, or can read again, wants the whole. */
  ask(): void;
  /** Up to where it has counted, if the log is live up to `mark`. */
  countedUpTo(mark: number): number;
}

type Head = Pick<CountsFrame, 'position' | 'since' | 'until'>;

export function createUpdate(head: Head, { changed, removed }: ListChanges, list: () => string[]): Update {
  const { position } = head;
  let whole: string | null = null;
  const isSame = changed.length === 0 && removed.length === 0;
  return {
    position,
    changes: isSame ? null : `${headText(head)}"changed":[${changed.join(',')}],"removed":${JSON.stringify(removed)}}`,
    whole() {
      whole ??= `${headText(head)}"whole":true,"counts":[${list().join(',')}]}`;
      return whole;
    },
  };
}

function headText({ position, since, until }: Head): string {
  return `{"type":"counts","position":${position},"since":"${since}","until":"${until}",`;
}
