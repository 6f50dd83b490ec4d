/** Resuming at its edges: what cannot be resumed is told, and stock subscribers see nothing of it all. */
import { describe, expect, it } from 'vitest';
import type { Form } from '../../src/feed/frames.ts';
import { eventOf, tokenOf, world } from './resume-world.ts';

const kinds = (sent: readonly string[]) => sent.map((frame) => (JSON.parse(frame) as { type: string }).type);
const gap = (reason: string, oldest: number) => JSON.stringify({ type: 'gap', reason, epoch: 'e1', oldest, head: 20 });

describe('a resumed feed', () => {
  it('goes on behind a position that the log has, without a question to the store', async () => {
    const { subscribe, asked } = world();
    const token = tokenOf('e1', 0, 3);
    const { sent, settled } = subscribe('positions', { token, position: 18 });
    await settled();
    expect(sent.slice(1)).toEqual([
      '{"type":"event","event":{"seq":19},"position":19}',
      '{"type":"event","event":{"seq":20},"position":20}',
      '{"type":"caught_up","position":20}',
    ]);
    expect(JSON.parse(sent[0] ?? '')).toMatchObject({ type: 'token', epoch: 'e1', checkpoint: 18, position: 18 });
    expect(asked).toEqual([]);
  });

  it('becomes live though the mark moves in each turn, as it does when thousands read the log at once', async () => {
    const { subscribe, live } = world();
    let isMoving = true;
    const move = (): void => {
      live.mark += 1;
      if (isMoving) setImmediate(move);
    };
    move();
    const { settled } = subscribe('positions', { token: tokenOf('e1', 0, 3), position: 18 });
    await settled().finally(() => {
      isMoving = false;
    });
  });

  it('reads from the store what the log has no more: what came after the position, as of now', async () => {
    const { subscribe, asked } = world();
    const { sent, settled } = subscribe('positions', { token: tokenOf('e1', 0, 3), position: 7 });
    await settled();
    expect(asked).toEqual([[{ after: 7, checkpoint: 15 }, null]]);
    expect(JSON.parse(sent[0] ?? '')).toMatchObject({ checkpoint: 15, position: 'start' });
    expect(kinds(sent)).toEqual(['token', 'event', 'event', 'event', 'event', 'event', 'caught_up']);
  });

  it('goes on within history as of the checkpoint of its token', async () => {
    const { subscribe, asked } = world();
    const id = '00000000-0000-4000-8000-000000000001';
    const position = `2026-11-20T00:00:00Z/${id}`;
    const { sent, settled } = subscribe('positions', { token: tokenOf('e1', 2, 12), position });
    await settled();
    expect(asked).toEqual([
      [
        { after: 2, checkpoint: 12 },
        { occurred: '2026-11-20 00:00:00.000000', id },
      ],
    ]);
    expect(kinds(sent).filter((type) => type === 'event').length).toBe(8);
  });

  it.each([
    ['another epoch', tokenOf('e0', 0, 3), 18, 'epoch', 11],
    ['a seq that was never given', tokenOf('e1', 0, 3), 21, 'head', 11],
    ['a history that was never given', tokenOf('e1', 0, 99), 'start', 'head', 11],
  ])('is told of a gap for %s, and starts by its request', async (_, token, position, reason, oldest) => {
    const { subscribe } = world();
    const { sent, settled } = subscribe('positions', { token, position });
    await settled();
    expect(sent[0]).toBe(gap(reason, oldest));
    expect(kinds(sent)).toEqual(['gap', 'token', 'caught_up']);
  });

  it.each([
    ['a seq', 0, 4],
    ['the beginning of a history', 0, 'start'],
    ['a place in a history', 2, '2026-11-14T00:00:00Z/00000000-0000-4000-8000-000000000001'],
  ])('is told of a gap for %s whose next events have expired, and gets what is left', async (_, after, position) => {
    const { subscribe } = world();
    const { sent, settled } = subscribe('positions', { token: tokenOf('e1', after, 12), position });
    await settled();
    expect(sent[0]).toBe(gap('retention', 6));
    expect(kinds(sent)[1]).toBe('token');
    expect(kinds(sent).at(-1)).toBe('caught_up');
  });

  it('is told of the first seq behind the checkpoint where all of the table has expired', async () => {
    const { subscribe, retained } = world();
    Object.assign(retained, { seq: null, since: '2026-11-23 00:00:00.000000' });
    const { sent, settled } = subscribe('positions', { token: tokenOf('e1', 0, 12), position: 4 });
    await settled();
    expect(sent[0]).toBe(gap('retention', 16));
  });

  it.each([
    // Retained is what has seq 6 and more.
    ['all behind a position is kept', 5, '2026-11-14T00:00:00Z/00000000-0000-4000-8000-000000000001'],
    ['what comes next occurred since', 2, '2026-11-15T00:00:00Z/00000000-0000-4000-8000-000000000001'],
  ])('is told of no gap where %s', async (_, after, position) => {
    const { subscribe } = world();
    const { sent, settled } = subscribe('positions', { token: tokenOf('e1', after, 12), position });
    await settled();
    expect(kinds(sent)).not.toContain('gap');
  });

  it('that starts afresh has lost nothing, whatever has expired', async () => {
    const { subscribe } = world();
    const { sent, settled } = subscribe('positions', null, true);
    await settled();
    expect(kinds(sent)).not.toContain('gap');
    expect(kinds(sent)[0]).toBe('token');
  });

  it('that its socket does not let begin holds no filter', () => {
    const { subscribe, parts } = world();
    const isRefused = () => subscribe('positions', { token: tokenOf('e0', 0, 3), position: 18 }, false, true);
    expect(isRefused).toThrow('gone');
    expect([parts.filters.count, parts.filters.heldBytes]).toEqual([0, 0]);
  });

  it('is refused for what is no position and for a token that is not ours', () => {
    const { subscribe } = world();
    expect(() => subscribe('positions', { token: tokenOf('e1', 0, 3), position: 'x' })).toThrow('position');
    expect(() => subscribe('positions', { token: 'x', position: 3 })).toThrow('Invalid resume token');
  });
});

describe('a feed whose socket took nothing until its next events had expired', () => {
  async function lagged(form: Form) {
    const { subscribe, fanOut, live, log, retained } = world();
    const subscriber = subscribe(form);
    await subscriber.settled();
    subscriber.sent.length = 0;
    subscriber.buffer.bytes = 5_000;
    live.mark = 21;
    fanOut.flush([{ ...eventOf(21), raw: `{"pad":"${'x'.repeat(1_000)}"}` }]);
    live.mark = 40;
    Object.assign(log, { checkpoint: 35, oldest: 31 });
    Object.assign(retained, { seq: 25, since: '2026-11-25 00:00:00.000000' });
    subscriber.buffer.bytes = 0;
    subscriber.feed.drained();
    await subscriber.settled();
    return subscriber;
  }

  it('is ended where its form cannot tell it, never given a silent hole', async () => {
    const { sent, failures } = await lagged('plain');
    expect(failures.map(({ failure }) => failure)).toEqual(['pastRetention']);
    expect(sent).toEqual([]);
  });

  it('is told of the gap in any other form, and goes on', async () => {
    const { sent, failures } = await lagged('positions');
    expect(failures).toEqual([]);
    expect(kinds(sent).slice(0, 2)).toEqual(['gap', 'token']);
    expect(JSON.parse(sent[0] ?? '')).toMatchObject({ reason: 'retention', head: 40 });
    expect(kinds(sent).at(-1)).toBe('caught_up');
  });
});

describe('a stream', () => {
  it('names each message that is no event, so that a browser hears it by a listener of its own', async () => {
    const { subscribe } = world();
    const { sent, settled } = subscribe('stream', { token: tokenOf('e0', 0, 3), position: 18 });
    await settled();
    expect(sent.map((message) => /^event: (.*)$/m.exec(message)?.[1])).toEqual(['gap', 'token', 'caught_up']);
    expect(sent.map((message) => JSON.parse(/^data: (.*)$/m.exec(message)?.[1] ?? '').type)).toEqual([
      ...['gap', 'token', 'caught_up'],
    ]);
  });
});

describe('live delivery', () => {
  it('writes each form once, for one match, and stock frames as ever', async () => {
    const { subscribe, published, fanOut, counters, live } = world();
    const all = (['plain', 'plain', 'positions', 'positions', 'stream'] as const).map((form) => subscribe(form));
    for (const { settled } of all) await settled();
    live.mark = 21;
    fanOut.flush([eventOf(21)]);
    const [[plainTopic] = [], [positionsTopic] = []] = published;
    expect(published).toEqual([
      [plainTopic, '{"type":"event","event":{"seq":21}}'],
      [positionsTopic, '{"type":"event","event":{"seq":21},"position":21}'],
    ]);
    expect(all.map(({ topics }) => topics)).toEqual([
      [plainTopic],
      [plainTopic],
      [positionsTopic],
      [positionsTopic],
      [],
    ]);
    expect(all.map(({ sent }) => sent.length)).toEqual([0, 0, 2, 2, 3]);
    expect(all[4]?.sent[2]).toMatch(/^id: 21@1~e1~.*\ndata: \{"seq":21\}\n\n$/);
    expect([fanOut.topicCount, counters.delivered]).toEqual([1, 5]);
  });
});
