/**
 * What a failed start or command says: one sentence with what is wrong and what to do, also where it is the operating
 * system that refused.
 */
import { userInfo } from 'node:os';
import { Failure, StartRefused, WrongUsage } from '../base/errors.ts';

/** Of a command that failed; the same as of commands that talk to a server. */
export function exitCodeOfError(error: unknown): 1 | 2 {
  return error instanceof WrongUsage ? 2 : 1;
}

/**
 * Null for a fault of ours, which is worth its stack. `place` is the folder that is meant where the system names none.
 */
export function sentenceOf(error: unknown, place?: string): string | null {
  if (error instanceof StartRefused || error instanceof Failure) return error.message;
  if (error instanceof RangeError && /allocation failed|typed array length|out of memory/i.test(error.message)) {
    return (
      `There is not enough memory for what the settings ask for (${error.message}). Raise the limit ` +
      `(\`ulimit -v\`, the memory of the container), or lower what SLUICE_…_MAX was raised.`
    );
  }
  if (error instanceof Error && 'code' in error && /^(ERR_)?MODULE_NOT_FOUND$/.test(String(error.code))) {
    return (
      `Sluice is not whole (${error.message}). Run \`npm ci\` and build it again; or too few files may ` +
      `be open (\`ulimit -n\`).`
    );
  }
  if (!isSystemError(error)) return null;
  const { code, syscall, dest, path = place } = error;
  if (syscall === 'uv_cwd')
    return 'The current folder is gone. Change to another one, or name SLUICE_DATA_DIR from the root on.';
  const what = path === undefined ? `The system refused ${syscall}` : `${dest ?? path} cannot be used (${syscall})`;
  return `${what}: ${causeOf(code, path)}`;
}

interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly path?: string;
  readonly dest?: string;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}

function causeOf(code: string, path: string | undefined): string {
  const choose = 'or choose another folder by SLUICE_DATA_DIR';
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return (
        `${userName()} may not do that. Give the folder and all in it to that user (\`chown -R\`; in ` +
        `Kubernetes \`fsGroup\`), ${choose}.`
      );
    case 'EROFS':
      return `the file system is read-only. Mount it for writing, ${choose}.`;
    case 'ENOSPC':
    case 'EDQUOT':
      return (
        `there is no space left${code === 'EDQUOT' ? ' within the quota' : ''}. Make room (for files ` +
        `too: \`df -i\`), ${choose}.`
      );
    case 'ENOTDIR':
    case 'EEXIST':
      return `a file, or a link that leads nowhere, stands where a folder must be. Move it away, ${choose}.`;
    case 'EISDIR':
      return `a folder stands where a file must be. Move it away, ${choose}.`;
    case 'ENAMETOOLONG':
      return 'the path is too long. Choose a shorter one by SLUICE_DATA_DIR.';
    case 'ELOOP':
      return `a link in the path leads to itself. Mend it, ${choose}.`;
    case 'ENOENT':
      return path === undefined
        ? 'something that it needs is not there.'
        : `a part of the path is not there, or a link leads nowhere. Make it, ${choose}.`;
    case 'EMFILE':
    case 'ENFILE':
      return 'too many files are open. Raise the limit (`ulimit -n`, `LimitNOFILE=`, `--ulimit nofile=`).';
    case 'ENOMEM':
    case 'EAGAIN':
      return (
        'the system has no memory or no threads left for it. Raise the limits (`ulimit -v`, `ulimit ' +
        '-u`, the memory of the container).'
      );
    case 'EIO':
    case 'ESTALE':
    case 'ENXIO':
    case 'ENODEV':
      return `the disk fails. Look at the system's log, ${choose}.`;
    case 'EINVAL':
    case 'ENOTSUP':
    case 'EOPNOTSUPP':
    case 'ENOSYS':
      return `the file system cannot do that. Use a local one that keeps what is synced, ${choose}.`;
    default:
      return `${code}. Look at the path and its disk, ${choose}.`;
  }
}

function userName(): string {
  const id = process.getuid?.() ?? '?';
  try {
    return `user ${userInfo().username} (${id})`;
  } catch {
    // The user of a container may have no name.
    return `user ${id}`;
  }
}
