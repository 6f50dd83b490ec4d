/**
 * The console: the page at `/` and `/console/…`, for people. Its files hold no data, are open to all, and are served
 * from memory.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type HttpAnswer, json } from './http-answer.ts';

export interface Console {
  /** Null for a path that is none of its own. */
  readonly answerTo: (path: string) => HttpAnswer | null;
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const common = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' };
const pageHeaders = {
  ...common,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': policy,
  'cache-control': 'no-cache',
};
/** A file's name says what it holds: another one has another name. */
const fileHeaders = { ...common, 'cache-control': 'public, max-age=31536000, immutable' };
const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

const places = '/console/';
const assets = '/console/assets/';
/** As the built page has it: relative, so that a prefix in front of all paths needs no setting. */
const ownBase = '<base href="./">';

/** Of the folder that `scripts/build-web.mjs` wrote. Throws if it is not there, or is not whole. */
export function loadConsole(folder: string): Console {
  const text = readFileSync(join(folder, 'index.html'), 'utf8');
  if (!text.includes(ownBase)) throw new Error(`${folder}/index.html has no ${ownBase}`);
  const atRoot = packed(text, pageHeaders);
  const oneBelow = packed(text.replace(ownBase, '<base href="../">'), pageHeaders);
  const files = new Map<string, HttpAnswer>();
  for (const name of readdirSync(folder)) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    files.set(assets + name, packed(readFileSync(join(folder, name)), { ...fileHeaders, 'content-type': type }));
  }
  return {
    answerTo(path) {
      if (path === '/' || path === '/console') return atRoot;
      if (!path.startsWith(places)) return null;
      return files.get(path) ?? (path.indexOf('/', places.length) < 0 ? oneBelow : null);
    },
  };
}

export const noConsole: Console = { answerTo: () => null };

function packed(body: string | Buffer, headers: Readonly<Record<string, string>>): HttpAnswer {
  return { ...json(200, body, headers), packed: gzipSync(body, { level: 9 }) };
}
