/**
 * A page of events as an answer: raw texts as they are (I2), and where the next page is.
 */
import type { Page } from '../../schemas/page.ts';
import { pageJson } from '../query/make-page.ts';
import { type HttpAnswer, json } from './http-answer.ts';

export function pageAnswer(page: Page, publicUrl: string): HttpAnswer {
  const { token } = page;
  const next = token && `${publicUrl}/api/events/filter/next?page-token=${encodeURIComponent(token)}`;
  return json(200, pageJson(page, next));
}
