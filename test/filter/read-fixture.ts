/**
 * Fixtures hold what the code of Prefect 3.8.8 answered; read as text, so that a key like `__proto__` stays a key.
 */
import { readFileSync } from 'node:fs';

export function readFixture<Row>(name: string): readonly Row[] {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));
}
