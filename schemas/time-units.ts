/**
 * Lengths of time as people type them: a number and one of these letters, as `45s`, `10m`, `12h`, `7d`.
 */
export const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
