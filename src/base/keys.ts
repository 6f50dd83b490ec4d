/**
 * The keys that sign page tokens (I7): made once in the data directory, or shared between gateways by a setting.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StartRefused } from './errors.ts';
import { type FilePort, nodeFiles } from './file-port.ts';
import { replaceSmallFile } from './small-file.ts';

export interface SigningKeys {
  /** 43 URL-safe characters: HMAC-SHA256 of the text. */
  sign(text: string): string;
  /** Compares in constant time, as text: no second spelling of a signature holds. */
  verify(text: string, signature: string): boolean;
}

/** Shorter secrets could be guessed offline from one token. */
const secretCharactersMin = 16;

/**
 * Keys from the `secret` setting, or from `<directory>/keys`, which is made if it is not there (mode 0600, JSON with a
 * version). Throws StartRefused for a short secret, a file that others than our user and group may read, or one that
 * cannot be understood.
 */
export function openKeys(directory: string, secret: string | null = null, files: FilePort = nodeFiles): SigningKeys {
  return signingKeys(secret === null ? keyOfFile(directory, files) : keyOfSecret(secret));
}

function signingKeys(key: Buffer): SigningKeys {
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('base64url');
  return {
    sign,
    verify(text, signature) {
      const expected = Buffer.from(sign(text));
      const given = Buffer.from(signature);
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}

function keyOfSecret(secret: string): Buffer {
  if (secret.length < secretCharactersMin) {
    throw new StartRefused(
      `SLUICE_SIGNING_KEY must have at least ${secretCharactersMin} characters; \`openssl rand -hex 32\` ` +
        `makes a good one.`,
    );
  }
  return createHmac('sha256', 'sluice page tokens').update(secret).digest();
}

function keyOfFile(directory: string, files: FilePort): Buffer {
  const path = join(directory, 'keys');
  if (!existsSync(path)) {
    // The mode is that of a new file.
    rmSync(`${path}.new`, { force: true });
    const content = { version: 1, pageTokens: randomBytes(32).toString('base64url') };
    replaceSmallFile(files, directory, 'keys', content, { mode: 0o600 });
  }
  if (isReadByOthers(path)) {
    throw new StartRefused(
      `The signing keys in ${path} can be read by other users; run \`chmod 600 ${path}\`, or delete the ` +
        `file to make new keys.`,
    );
  }
  const key = parseKeys(readFileSync(path, 'utf8'));
  if (key === null) {
    throw new StartRefused(
      `${path} holds no signing keys of version 1; delete the file to make new ones (page tokens given out ` +
        `before then end in 403).`,
    );
  }
  return key;
}

/**
 * Kubernetes gives all files of a volume to the group `fsGroup` at each mount, with what the group may do. That is ours
 * then: nobody else has come to read them, and where the file is ours it is closed again.
 */
function isReadByOthers(path: string): boolean {
  const { mode, uid, gid } = statSync(path);
  if ((mode & 0o077) === 0) return false;
  const isOurGroup = gid === process.getegid?.() || process.getgroups?.().includes(gid) === true;
  if ((mode & 0o007) !== 0 || !isOurGroup) return true;
  if (uid === process.geteuid?.()) chmodSync(path, 0o600);
  return false;
}

function parseKeys(text: string): Buffer | null {
  try {
    const { version, pageTokens }: { version?: unknown; pageTokens?: unknown } = JSON.parse(text);
    if (version !== 1 || typeof pageTokens !== 'string') return null;
    const key = Buffer.from(pageTokens, 'base64url');
    return key.length === 32 ? key : null;
  } catch {
    return null;
  }
}
