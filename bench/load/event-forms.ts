/**
 * Forms of intake: the texts that a load sends again and again. The plain event of the other cases and the same in one
 * other form each; the corpus by writer, mixed, and as its plain twins.
 */
import { canonicalWriter, drawTexts, plainTwin, readCorpus, textsOf } from '../../support/corpus/corpus.ts';
import { EventTemplate } from './event-template.ts';

export interface EventForm {
  readonly name: string;
  /** The form that it is compared with, at equal canonical bytes. */
  readonly base: string;
  texts(): readonly Buffer[];
}

const plainBytes = 1_100;
const mixedTexts = 1_000;
const mixedSeed = 17;

/** A base comes before what is compared with it. */
export function eventForms(): EventForm[] {
  const plain = plainText();
  const forms = Object.entries(changes).map(([name, change]) => ({
    name,
    base: 'plain',
    texts: () => [Buffer.from(change(plain))],
  }));
  const writers = readCorpus().writers.map(({ name }) => ({
    name: `corpus, ${name}`,
    base: 'corpus, plain twins',
    texts: () => textsOf(name),
  }));
  const twins = {
    name: 'corpus, plain twins',
    base: 'corpus, plain twins',
    texts: () => textsOf(canonicalWriter).map(plainTwin),
  };
  const mixed = {
    name: 'corpus, all writers mixed',
    base: twins.name,
    texts: () => drawTexts(mixedSeed, mixedTexts).map(({ text }) => text),
  };
  return [...forms, twins, mixed, ...writers];
}

/** What differs from the plain form, which is compact ASCII in the canonical order without escapes. */
const changes: Readonly<Record<string, (plain: string) => string>> = {
  plain: (plain) => plain,
  'fields in another order': (plain) => plain.replace(/^\{(.*),("id":"[^"]*")\}$/, '{$2,$1}'),
  '+00:00 instead of Z': (plain) => plain.replace(/(\.\d{6})Z/, '$1+00:00'),
  milliseconds: (plain) => plain.replace(/(\.\d{3})\d{3}Z/, '$1Z'),
  'a newline and two quotes': (plain) => plain.replace('lorem ipsum lorem', 'lorem\\nipsum \\"lorem\\"'),
  umlauts: (plain) => plain.replace(/(lorem ipsum lorem) ipsum/g, '$1 ipsüm'),
  'spaces behind : and ,': (plain) =>
    plain.replace(/"(?:[^"\\]|\\.)*"|[:,]/g, (token) => (token === ':' || token === ',' ? `${token} ` : token)),
};

function plainText(): string {
  const { bytes } = new EventTemplate({
    prefix: 'forms',
    idPrefix: '0f0e0d0c-0b0a-4908-8706-',
    eventBytes: plainBytes,
  });
  return bytes.toString('latin1').replace(/"occurred":"[^"]*"/, '"occurred":"2026-11-22T10:00:00.123456Z"');
}
