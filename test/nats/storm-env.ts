/** The settings of gateways in a storm: an id window that is over within seconds, and small files. */

/** Only the first gateway keeps all of its replica. */
export function stormEnv(durability = 'process'): (nth: number) => Record<string, string> {
  return (nth) => ({
    SLUICE_DURABILITY: durability,
    SLUICE_ID_WINDOW_IDS_MAX: '3000',
    SLUICE_JOURNAL_SEGMENT_BYTES_MAX: '65536',
    SLUICE_FLUSH_MS: '100',
    ...(nth > 0 && { SLUICE_JOURNAL_KEEP_BYTES: '2000000', SLUICE_JOURNAL_KEEP_MS: '2000' }),
  });
}
