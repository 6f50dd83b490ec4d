/** Resume tokens and positions: what was given out comes back the same, and nothing else is taken. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStreamId } from '../../schemas/wire.ts';
import { Failure } from '../../src/base/errors.ts';
import { openKeys } from '../../src/base/keys.ts';
import { frameText, framingOf } from '../../src/feed/frames.ts';
import { openResumeToken, type ResumeState, sealResumeToken } from '../../src/feed/resume-token.ts';
import { defaultFilter, validateFilter } from '../../src/filter/validate-filter.ts';
import { type Position, parsePosition, positionText } from '../../src/history/position.ts';
import { openToken } from '../../src/query/page-token.ts';

const keys = openKeys('', 'a secret of enough characters');
const filter = defaultFilter({ now: new Date('2026-11-22T00:00:00Z'), openEnded: true });
const state: ResumeState = {
  epoch: '5f0c3a52-9f5e-4a39-bb8c-0e0f8a0f3a52',
  after: 7,
  checkpoint: 1_788_000_000_000_000,
  window: { since: '2026-11-22T00:00:00.5Z', until: null },
};
const token = sealResumeToken(keys, { filters: [filter], seal: '' }, state);

describe('a resume token', () => {
  it('gives back what was sealed, whatever the window of the filter that it comes with', () => {
    const later = { ...filter, occurred: { since: '2027-01-01T00:00:00Z', until: '2028-01-01T00:00:00Z' } };
    expect(openResumeToken(keys, { filters: [later], seal: '' }, token)).toEqual(state);
    const closed = { ...state, window: { since: state.window.since, until: '2026-12-01T00:00:00Z' } };
    expect(
      openResumeToken(
        keys,
        { filters: [filter], seal: '' },
        sealResumeToken(keys, { filters: [filter], seal: '' }, closed),
      ),
    ).toEqual(closed);
  });

  it('is refused with 1008 when any character of it is altered', () => {
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom('a', '0', '~', '.', ''), (at, character) => {
        const altered = `${token.slice(0, at)}${character}${token.slice(at + 1)}`;
        fc.pre(altered !== token);
        expect(() => openResumeToken(keys, { filters: [filter], seal: '' }, altered)).toThrow(Failure);
      }),
    );
  });

  it('is refused for another filter, for other keys, and as a page token', () => {
    const other = { ...filter, event: { ...filter.event, name: ['other'] } };
    expect(() => openResumeToken(keys, { filters: [other], seal: '' }, token)).toThrow('another filter');
    expect(() =>
      openResumeToken(openKeys('', 'another secret of characters'), { filters: [filter], seal: '' }, token),
    ).toThrow('Invalid');
    const cut = token.lastIndexOf('~');
    expect(() => openToken(keys, '', `resume.${token.slice(0, cut)}.${token.slice(cut + 1)}`)).toThrow('Forbidden');
  });

  it('that was given out before still belongs to its filter, and is made as it was', () => {
    const fixture = new URL('../fixtures/tokens.json', import.meta.url);
    const { secret, resumes } = JSON.parse(readFileSync(fixture, 'utf8')) as {
      secret: string;
      resumes: { filter: unknown; state: ResumeState; token: string }[];
    };
    expect(resumes).toHaveLength(3);
    const then = openKeys('', secret);
    for (const { filter: sent, state: sealed, token: old } of resumes) {
      const checked = validateFilter(sent, { loc: [], now: new Date(), openEnded: true });
      if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
      expect(openResumeToken(then, { filters: [checked.value], seal: '' }, old)).toEqual(sealed);
      expect(sealResumeToken(then, { filters: [checked.value], seal: '' }, sealed)).toBe(old);
    }
  });
});

describe('a position', () => {
  it('reads as what it was written from', () => {
    const place = fc.record({
      occurred: fc
        .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
        .map(
          (date) => `${date.toISOString().slice(0, 19).replace('T', ' ')}.${date.getTime() % 2 ? '000000' : '000120'}`,
        ),
      id: fc.uuid(),
    });
    const positions: fc.Arbitrary<Position> = fc.oneof(fc.maxSafeNat(), fc.constant('start' as const), place);
    fc.assert(
      fc.property(positions, (position) => {
        expect(parsePosition(positionText(position))).toEqual(position);
        expect(parsePosition(String(positionText(position)))).toEqual(position);
      }),
    );
  });

  it('is nothing else', () => {
    const id = '5f0c3a52-9f5e-4a39-bb8c-0e0f8a0f3a52';
    const wrong = [-1, 0.5, Number.NaN, 2 ** 53, '', '-1', '99999999999999999', ` 1`, id, `/${id}`];
    const days = ['2026-02-30T00:00:00Z', '0000-01-01T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01 00:00:00Z'];
    for (const text of [...wrong, ...days.map((day) => `${day}/${id}`)]) expect(parsePosition(text)).toBe(null);
  });

  it('stands in the id of a stream with its token', () => {
    const framing = framingOf('stream');
    framing.token({ token, epoch: state.epoch, checkpoint: 9, since: state.window.since }, 'start');
    const [, id = ''] = /^id: (.*)$/m.exec(frameText(framing, '{}', 12)) ?? [];
    expect(parseStreamId(id)).toEqual({ token, position: '12' });
    expect(parseStreamId('12')).toBe(null);
  });
});
