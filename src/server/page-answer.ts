/**
 * A page of events as an answer: raw texts as they are (I2), and where the next page is.
 */
import type { Page } from '../../schemas/page.ts';
import { pagePieces } from '../query/make-page.ts';
import { type HttpAnswer, json } from './http-answer.ts';

/** A longer one is not put together: fifty events can be 75 MB. */
const wholeCharactersMax = 256 * 1024;

export function pageAnswer(page: Page, publicUrl: string): HttpAnswer {
  const { token } = page;
  const next = token && `${publicUrl}/api/events/filter/next?page-token=${encodeURIComponent(token)}`;
  const pieces = pagePieces(page, next);
  const characters = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return json(200, characters > wholeCharactersMax ? { pieces } : pieces.join(''));
}
