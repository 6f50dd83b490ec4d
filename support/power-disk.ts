/**
 * A disk whose power can be cut: an ext4 in a file, mounted as a loop device. After a cut it holds what had been
 * written back to the file, and nothing that was only in the page cache. Linux, as root.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstLineOf } from '../src/base/errors.ts';

export class PowerDisk {
  /** Where it is mounted. */
  readonly folder: string;
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
    this.folder = join(root, 'disk');
  }

  /** Or a sentence that says why there is none. */
  static open(megabytes: number): PowerDisk | string {
    const root = mkdtempSync(join(tmpdir(), 'sluice-power-'));
    const disk = new PowerDisk(root);
    try {
      mkdirSync(disk.folder);
      run('truncate', '-s', `${megabytes}M`, disk.#image);
      run('mkfs.ext4', '-q', '-F', disk.#image);
      disk.#mount();
      return disk;
    } catch (error) {
      disk.close();
      return `there is no disk to be cut here: ${firstLineOf(error)}`;
    }
  }

  /** Nobody may have a file open any more: all processes on it were killed right before. */
  cut(): void {
    const left = join(this.#root, 'left.img');
    run('cp', '--sparse=always', this.#image, left);
    run('umount', this.folder);
    renameSync(left, this.#image);
    this.#check();
    this.#mount();
  }

  close(): void {
    try {
      run('umount', '-l', this.folder);
    } catch {
      // It is not mounted.
    }
    rmSync(this.#root, { recursive: true, force: true });
  }

  get #image(): string {
    return join(this.#root, 'disk.img');
  }

  #mount(): void {
    run('mount', '-o', 'loop', this.#image, this.folder);
  }

  /** What a start of the machine does; exit codes up to 2 say that something was mended. */
  #check(): void {
    try {
      run('e2fsck', '-fy', this.#image);
    } catch (error) {
      const status = error instanceof Error && 'status' in error ? Number(error.status) : 8;
      if (status > 2) throw error;
    }
  }
}

function run(command: string, ...words: string[]): void {
  execFileSync(command, words, { stdio: ['ignore', 'ignore', 'pipe'] });
}
