/**
 * Whatever a comment or a document points to is there: documents and their headings, decisions, files and folders of
 * the repository.
 */
import { dirname, join, normalize } from 'node:path';

export interface Repository {
  /** Paths from the root; a folder's too, without a slash behind it. */
  has(path: string): boolean;
  /** Headings of a document, without their marks. */
  headingsOf(document: string): readonly string[];
  /** Numbers of decisions, as `007`. */
  readonly decisions: readonly string[];
}

const top = String.raw`(?:src|actors|schemas|test|bench|support|docs|deploy/prefect|integrations|scripts|\.ci|\.github)`;
/** Not what is built, nor a package's, nor an address; what goes on with a placeholder is no path. */
const path = new RegExp(String.raw`(?<![\w./@-])${top}/[\w./-]*(?![\w./-]*[*<{$…])`, 'g');
const document = /(?<![\w./:-])[\w./-]+\.md\b/g;
const heading = /([\w./-]+\.md)\)?,( "[^"]+"(?:(?:,| and) "[^"]+")*)/g;
const link = /\]\(([^)\s:#]*)(?:#([\w-]+))?\)/g;
const decision = /\bdecisions? (\d{3}(?:(?:, | and )\d{3})*)/g;
/** Documents and issues that are not in the repository. */
const elsewhere = /\b(?:DESIGN|PROTOCOL-FACTS|FACTS|STYLE)\b|\bfacts? ?(?:\/|§)|§ ?\d|\bissues? #?\d+/g;

/** What a file cites that is not there. Of code, only its comments point to files: strings may be of any. */
export function falseCitations(file: string, text: string, repository: Repository): string[] {
  const isDocument = file.endsWith('.md');
  const said = isDocument ? text : commentsOf(file, text);
  const prose = said.replace(/\n\s*/g, ' ');
  const resolve = (cited: string): string | null =>
    [normalize(join(dirname(file), cited)), cited].find((each) => repository.has(each.replace(/\/$/, ''))) ?? null;
  const faults = [...text.matchAll(elsewhere)].map(([words]) => words);

  for (const [cited] of prose.matchAll(path)) {
    const plain = cited.replace(/[./]+$/, '');
    if (!cited.includes('NNN') && !repository.has(plain)) faults.push(plain);
  }
  for (const [cited] of prose.matchAll(document)) {
    if (resolve(cited) === null) faults.push(cited);
  }
  for (const [, cited = '', named = ''] of prose.matchAll(heading)) {
    const target = resolve(cited);
    const headings = target === null ? [] : repository.headingsOf(target);
    for (const [, words = ''] of named.matchAll(/"([^"]+)"/g)) {
      if (!headings.includes(words)) faults.push(`${cited}, "${words}"`);
    }
  }
  for (const [, numbers = ''] of prose.matchAll(decision)) {
    faults.push(...numbers.split(/, | and /).filter((number) => !repository.decisions.includes(number)));
  }
  if (isDocument) {
    for (const [whole, cited = '', anchor] of withoutCode(text).matchAll(link)) {
      const target = cited === '' ? file : resolve(cited);
      const isThere =
        target !== null && (anchor === undefined || repository.headingsOf(target).map(slug).includes(anchor));
      if (!isThere) faults.push(whole);
    }
  }
  return [...new Set(faults)];
}

export function headingsIn(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, words = '']) => words.replaceAll('`', '').trim());
}

/** As a heading is named in a link. */
function slug(words: string): string {
  return words
    .toLowerCase()
    .replace(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '');
}

const lineComment = /(?<![:'"`\\])(?:\/\/|--|#) (.*)$/;

/** The comments of a file, a line each, without their marks. */
function commentsOf(file: string, text: string): string {
  const isScript = /\.(?:ts|mts|mjs)$/.test(file);
  let isInside = false;
  return text
    .split('\n')
    .map((line) => {
      if (!isScript) return lineComment.exec(line)?.[1] ?? '';
      const begins = /^\s*\/\*/.test(line);
      const isBlock = begins || isInside;
      isInside = isBlock && !line.includes('*/');
      return isBlock
        ? line.replace(/^\s*(?:\/\*\*?|\*)\s?|\*\/\s*$/g, '')
        : (/(?:^|\s)\/\/ (.*)$/.exec(line)?.[1] ?? '');
    })
    .join('\n');
}
