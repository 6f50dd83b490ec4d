/** How often each model of several gateways is tried: as `npm run models` asks, or few enough for all tests. */
export const modelRuns = Number(process.env['SLUICE_MODEL_RUNS'] ?? 2_000);

/** Of so many runs on a busy machine. */
export const modelMs = 300_000 * Math.max(1, modelRuns / 2_000);
