/**
 * A process that holds the lock of the folder it is given, until it is killed; with `end`, until it has nothing more to
 * do.
 */
import { acquireLock } from '../../src/journal/lock.ts';

await acquireLock(process.argv[2]!);
process.stdout.write('held\n');
if (process.argv[3] !== 'end') setInterval(() => undefined, 1_000);
