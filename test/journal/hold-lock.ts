/** A process that holds the lock of the folder it is given, until it is killed. */
import { acquireLock } from '../../src/journal/lock.ts';

await acquireLock(process.argv[2]!);
process.stdout.write('held\n');
setInterval(() => undefined, 1_000);
