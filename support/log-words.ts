/**
 * A process that logs a number of lines, notes that by a file, waits for the log, and says in a file how long its event
 * loop was held up and how many lines were left out: node log-words.ts RESULT LINES FLUSH_MS
 */
import { writeFileSync } from 'node:fs';
import { createLog, flushLog, lossesOf } from '../src/base/log.ts';

const [, , resultFile = '', lines = '0', flushMs = '0'] = process.argv;
const log = createLog('debug');
const beganAt = performance.now();
let lastAt = beganAt;
let worstGapMs = 0;
let written = 0;

const timer = setInterval(() => {
  const now = performance.now();
  worstGapMs = Math.max(worstGapMs, now - lastAt);
  lastAt = now;
  for (let nth = 0; nth < 20 && written < Number(lines); nth += 1) {
    written += 1;
    // Below the level that is limited: what is asked is the queue.
    log.debug({ nth: written, text: 'x'.repeat(900) }, 'a line');
  }
  if (written < Number(lines)) return;
  clearInterval(timer);
  writeFileSync(`${resultFile}.logged`, '');
  void flushLog(Number(flushMs)).then(() => {
    writeFileSync(resultFile, JSON.stringify({ worstGapMs, ...lossesOf(log), ms: performance.now() - beganAt }));
    process.exit(0);
  });
}, 1);
