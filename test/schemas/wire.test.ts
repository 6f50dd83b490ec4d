/** The wire: its texts, byte for byte, and what it may import. */
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import {
  ackFrame,
  authMessage,
  authSuccess,
  authSuccessFrame,
  caughtUpFrame,
  type EventFrame,
  errorFrame,
  eventFrameHead,
  eventFrameTail,
  filterMessage,
  gapFrame,
  heartbeatFrame,
  parseFrame,
  parseStreamId,
  rejectFrame,
  retryFrame,
  streamHeartbeat,
  streamId,
  streamMessage,
  tokenFrame,
} from '../../schemas/wire.ts';
import { type Form, frameText, framingOf } from '../../src/feed/frames.ts';

const event = '{"occurred":"2026-11-22T12:00:00Z","event":"a","resource":{"prefect.resource.id":"r"}}';
const gap = { reason: 'head', epoch: 'e1', oldest: 3, head: 20 } as const;
const token = { token: '1~T', epoch: 'e1', checkpoint: 7, since: '2026-11-22T11:45:00Z' };

describe('the wire', () => {
  it.each([
    [authMessage(null), '{"type":"auth","token":null}'],
    [authMessage('secret', true), '{"type":"auth","token":"secret","rejects":true}'],
    [authMessage('secret', true, true), '{"type":"auth","token":"secret","rejects":true,"acks":true}'],
    [authSuccess, '{"type":"auth_success"}'],
    [authSuccessFrame(20_000), '{"type":"auth_success","acks":true,"heartbeat_ms":20000}'],
    [ackFrame(7), '{"type":"ack","message":7}'],
    [
      errorFrame({ failure: 'journalFull', reason: 'no room', retry_after_ms: 5000 }),
      '{"type":"error","failure":"journalFull","reason":"no room","retry_after_ms":5000}',
    ],
    [
      errorFrame({ failure: 'badFilter', reason: 'no filter' }),
      '{"type":"error","failure":"badFilter","reason":"no filter"}',
    ],
    [heartbeatFrame(5), '{"type":"heartbeat","position":5}'],
    [heartbeatFrame(null), '{"type":"heartbeat"}'],
    [filterMessage({ id: { id: [] } }), '{"type":"filter","filter":{"id":{"id":[]}}}'],
    [
      filterMessage({}, { backfill: false, positions: true, resume: { token: '1~T', position: 5 } }),
      '{"type":"filter","filter":{},"backfill":false,"positions":true,"resume":{"token":"1~T","position":5}}',
    ],
    [
      rejectFrame({ message: 2, failure: 'skipped', reason: 'too "large"' }),
      '{"type":"reject","message":2,"failure":"skipped","reason":"too \\"large\\""}',
    ],
    [
      tokenFrame({ position: 'start', ...token }),
      '{"type":"token","token":"1~T","epoch":"e1","checkpoint":7,"position":"start","since":"2026-11-22T11:45:00Z"}',
    ],
    [caughtUpFrame(20), '{"type":"caught_up","position":20}'],
    [gapFrame(gap), '{"type":"gap","reason":"head","epoch":"e1","oldest":3,"head":20}'],
    [retryFrame(500), '{"type":"retry","after_ms":500}'],
    [streamMessage({ data: '{}', id: '5@T' }), 'id: 5@T\ndata: {}\n\n'],
    [streamMessage({ event: 'close', retry: 500, data: '{}' }), 'event: close\nretry: 500\ndata: {}\n\n'],
    [streamHeartbeat, ':\n\n'],
  ])('has the text %s', (text, expected) => {
    expect(text).toBe(expected);
  });

  it('types the frames that the feed cuts by hand', () => {
    const frameOf = (form: Form, position: number): string => frameText(framingOf(form), event, position);
    expect(frameOf('plain', 5)).toBe(`${eventFrameHead}${event}${eventFrameTail}`);
    const positioned: EventFrame = { type: 'event', event: JSON.parse(event), position: 5 };
    expect(frameOf('positions', 5)).toBe(JSON.stringify(positioned));
    expect(parseFrame<EventFrame>(frameOf('positions', 5))).toEqual(positioned);
    const stream = framingOf('stream');
    const told = stream.token(token, 'start');
    const data = tokenFrame({ ...token, position: 'start' });
    expect(told).toBe(streamMessage({ event: 'token', id: streamId('start', token.token), data }));
    expect(frameText(stream, event, 5)).toBe(streamMessage({ id: streamId(5, token.token), data: event }));
    expect(parseStreamId(streamId(5, token.token))).toEqual({ token: token.token, position: '5' });
  });

  it('compiles with what a browser has, and nothing else', () => {
    const file = fileURLToPath(new URL('../../schemas/wire.ts', import.meta.url));
    const options: ts.CompilerOptions = {
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
      types: [],
    };
    const problems = ts.getPreEmitDiagnostics(ts.createProgram([file], options));
    expect(problems.map(({ messageText }) => messageText)).toEqual([]);
  });
});
