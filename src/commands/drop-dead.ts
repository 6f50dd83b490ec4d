/**
 * `sluice dead-letter drop`: gives up events of the dead letter that all gateways share, so that one that is full takes
 * more. Nobody has them then; their ids stay known.
 */
import { StartRefused, WrongUsage } from '../base/errors.ts';
import { type Config, readConfig } from '../config/config.ts';
import { type GatewaySettings, gatewayOf } from '../config/gateway-settings.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { askNats } from './ask-nats.ts';
import { lineOfDead } from './dead-letter-command.ts';
import { askHow, streamOf } from './shared-dead-letter.ts';
import { type Done, folderAudit, runWrittenDown } from './written-down.ts';

export const dropHelp =
  'Say which: `sluice dead-letter drop --seq N[,N…]`, or `--all`; with `--dry-run` it says what would be given up.';

interface Asked {
  readonly fits: (seq: number) => boolean;
  readonly isDry: boolean;
  /** Settings. */
  readonly rest: readonly string[];
}

/** Resolves to what is to be said. Rejects with StartRefused, of that with WrongUsage for wrong words. */
export async function dropDead(
  environment: Readonly<Record<string, string | undefined>>,
  words: readonly string[],
): Promise<string> {
  const { fits, isDry, rest } = asked(words);
  const config = readConfig(environment, rest);
  const settings = gatewayOf(config);
  if (settings === null) {
    throw new StartRefused(
      '`dead-letter drop` is for gateways that share a log: the dead letter of a single Sluice is never full.',
    );
  }
  if (isDry) return await withStream(config, settings, (nats) => listed(nats, settings, fits));
  const audit = folderAudit(config);
  const run = () => withStream(config, settings, (nats) => drop(nats, settings, fits));
  return (await runWrittenDown(audit, 'dead-letter drop', run).finally(() => audit.close())).text;
}

function withStream<Answer>(
  { dataDir }: Config,
  settings: GatewaySettings,
  work: (nats: Nats) => Promise<Answer>,
): Promise<Answer> {
  return askNats(askHow(dataDir, settings), work);
}

async function listed(nats: Nats, settings: GatewaySettings, fits: Asked['fits']): Promise<string> {
  const stream = await streamOf(nats, settings);
  const lines: string[] = [];
  for await (const event of stream.entries()) if (fits(event.seq)) lines.push(lineOfDead(event));
  return [...lines, `${lines.length} events would be given up. Nothing was changed.`].join('\n');
}

async function drop(nats: Nats, settings: GatewaySettings, fits: Asked['fits']): Promise<Done> {
  const events = await (await streamOf(nats, settings)).drop(fits);
  const text = `${events} events are given up: nobody has them any more, and a repeat of one is dropped.`;
  return { fact: { what: 'dead letter dropped', events }, ok: true, text };
}

function asked(words: readonly string[]): Asked {
  const at = words.indexOf('--seq');
  const seqs = at < 0 ? [] : (words[at + 1] ?? '').split(',').map(Number);
  const isAll = words.includes('--all');
  const areSeqs = seqs.length > 0 && seqs.every((seq) => Number.isSafeInteger(seq) && seq > 0);
  if (isAll === areSeqs || (at >= 0 && !areSeqs)) throw new WrongUsage(dropHelp);
  const wanted = new Set(seqs);
  const others = at < 0 ? words : [...words.slice(0, at), ...words.slice(at + 2)];
  return {
    fits: (seq) => isAll || wanted.has(seq),
    isDry: words.includes('--dry-run'),
    rest: others.filter((word) => word !== '--all' && word !== '--dry-run'),
  };
}
