/**
 * The tokens that all gateways share, for `sluice token` with a gateway's settings: made and revoked in NATS, and at
 * once in the copy of this folder too. Without NATS they can only be listed.
 */
import { joinTokens } from '../access/join-tokens.ts';
import { type ChangeTokens, readTokens, type TokenStore } from '../access/token-file.ts';
import type { TokenRecord } from '../access/token-record.ts';
import { firstLineOf, StartRefused } from '../base/errors.ts';
import { nodeFiles } from '../base/file-port.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import { connectNats, type Nats } from '../nats/connect-nats.ts';
import type { WatchedKey } from '../nats/shared-key.ts';
import { isFolderOf } from './gateway-folder.ts';
import { tokensKey } from './join-log.ts';
import { changeShared, keepCopy } from './shared-tokens.ts';

const answerMs = 5_000;

export class CommandTokens implements TokenStore {
  readonly #dataDir: string;
  readonly #settings: GatewaySettings;

  /** Throws StartRefused where the folder is a single Sluice's or another gateway's. */
  constructor(dataDir: string, settings: GatewaySettings) {
    isFolderOf(dataDir, settings, nodeFiles);
    this.#dataDir = dataDir;
    this.#settings = settings;
  }

  /** The copy, where NATS does not answer. */
  async read(): Promise<readonly TokenRecord[]> {
    const own = readTokens(this.#dataDir);
    const shared = await this.#ask(async (key) => (await changeShared(key, (records) => records)).tokens).catch(
      (error: unknown) => {
        if (error instanceof NatsAway) return [];
        throw error;
      },
    );
    return joinTokens(shared, own);
  }

  /** Rejects with StartRefused as `change`, and where NATS does not answer. */
  async change(change: ChangeTokens): Promise<void> {
    const own = readTokens(this.#dataDir);
    const { tokens } = await this.#ask((key) => changeShared(key, (records) => change(joinTokens(records, own))));
    await keepCopy(this.#dataDir, tokens);
  }

  async #ask<Answer>(work: (key: WatchedKey) => Promise<Answer>): Promise<Answer> {
    const { log, id } = this.#settings;
    let nats: Nats | null = null;
    try {
      nats = await connectNats({ ...log, name: `sluice token ${id}` }, { withinMs: answerMs });
      return await work(await tokensKey(nats, this.#settings));
    } catch (cause) {
      if (cause instanceof StartRefused) throw cause;
      throw new NatsAway(
        `NATS does not answer at ${log.servers.join(', ')}: ${firstLineOf(cause)}. Without it no token is made or ` +
          'revoked, and those that there are hold on; `sluice token list` says whether this one was.',
        { cause },
      );
    } finally {
      await nats?.close();
    }
  }
}

class NatsAway extends StartRefused {}
