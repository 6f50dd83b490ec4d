/**
 * Resume tokens: which feed a position belongs to, signed, so that nobody can widen a window or claim another epoch.
 * Readable text without white space: `1~<epoch>~<after>~<checkpoint>~<since>~<until>~<hash of the filter>~<signature>`.
 */
import { createHash } from 'node:crypto';
import type { AllFilters, Filter } from '../../schemas/filter.ts';
import { Failure } from '../base/errors.ts';
import type { SigningKeys } from '../base/keys.ts';
import { filterKey } from '../filter/filter-key.ts';

export interface ResumeState {
  /** In which seqs mean something. */
  readonly epoch: string;
  /** History is the rows with seq in (after, checkpoint]; from there on it is the log. */
  readonly after: number;
  readonly checkpoint: number;
  /** Of the filter that the feed was opened with; a resumed feed keeps it. */
  readonly window: Filter['occurred'];
}

const tokenVersion = '1';
/** Page tokens are signed by the same keys, and hold no dot in what is signed. */
const domain = 'resume.';

/** Whose token it is: to everybody else, and with another filter, it is none. */
export interface ResumeOwner {
  readonly filters: AllFilters;
  readonly seal: string;
}

export function sealResumeToken(keys: SigningKeys, owner: ResumeOwner, state: ResumeState): string {
  const { epoch, after, checkpoint, window } = state;
  const text = [tokenVersion, epoch, after, checkpoint, window.since, window.until ?? '', hashOf(owner)].join('~');
  return `${text}~${keys.sign(signed(owner, text))}`;
}

/**
 * Throws Failure `forbidden` for anything that `sealResumeToken` did not make with these keys for this owner, windows
 * apart.
 */
export function openResumeToken(keys: SigningKeys, owner: ResumeOwner, token: string): ResumeState {
  const cut = token.lastIndexOf('~');
  const text = token.slice(0, Math.max(0, cut));
  if (!keys.verify(signed(owner, text), token.slice(cut + 1))) throw new Failure('forbidden', 'Invalid resume token');
  const [version, epoch = '', after, checkpoint, since = '', until = '', hash] = text.split('~');
  if (version !== tokenVersion) throw new Failure('forbidden', 'The resume token is of another version');
  if (hash !== hashOf(owner)) throw new Failure('forbidden', 'The resume token belongs to another filter');
  const window = { since, until: until === '' ? null : until };
  return { epoch, after: Number(after), checkpoint: Number(checkpoint), window };
}

/** A seal holds no line feed, and neither does the text. */
function signed({ seal }: ResumeOwner, text: string): string {
  return domain + (seal === '' ? text : `${seal}\n${text}`);
}

function hashOf({ filters }: ResumeOwner): string {
  return createHash('sha256').update(filterKey(filters)).digest('base64url').slice(0, 22);
}
