/**
 * What a command writes to: results on stdout and nothing else there; progress, notices and errors on stderr. Colours
 * and progress are for terminals only.
 */
import type { WriteStream } from 'node:tty';
import colors from 'picocolors';

export type Colors = ReturnType<typeof colors.createColors>;

/** Of the process, or stand-ins for it. */
export interface Outputs {
  readonly stdout: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>;
  readonly stderr: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;
}

export class Terminal {
  readonly outputs: Outputs;
  readonly isQuiet: boolean;
  /** Results go to a person's terminal. */
  readonly isInteractive: boolean;
  /** A progress bar would be seen. */
  readonly showsProgress: boolean;
  readonly colors: Colors;
  readonly errorColors: Colors;

  constructor(outputs: Outputs, environment: Readonly<Record<string, string | undefined>>, isQuiet: boolean) {
    const isPlain = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
    this.outputs = outputs;
    this.isQuiet = isQuiet;
    this.isInteractive = outputs.stdout.isTTY === true;
    this.showsProgress = outputs.stderr.isTTY === true && !isQuiet;
    this.colors = colors.createColors(this.isInteractive && !isPlain);
    this.errorColors = colors.createColors(outputs.stderr.isTTY === true && !isPlain);
  }

  /** Of stdout; 80 where it is no terminal. */
  get columns(): number {
    return this.outputs.stdout.columns || 80;
  }

  /** Resolves when there is room for more. */
  async print(text: string | Uint8Array): Promise<void> {
    if (this.outputs.stdout.write(text)) return;
    await new Promise<void>((resolve) => this.outputs.stdout.once('drain', () => resolve()));
  }

  /** What is good to know, for a person who looks on. */
  notice(sentence: string): void {
    if (this.showsProgress) this.outputs.stderr.write(`${this.errorColors.dim(`sluice: ${sentence}`)}\n`);
  }

  /** What concerns the results: that a connection broke, that a line was refused. For logs too. */
  warn(sentence: string): void {
    if (!this.isQuiet) this.outputs.stderr.write(`${this.errorColors.yellow(`sluice: ${sentence}`)}\n`);
  }

  complain(sentence: string): void {
    this.outputs.stderr.write(`${this.errorColors.red(`sluice: ${sentence}`)}\n`);
  }
}
