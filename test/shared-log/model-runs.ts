/** How often the models of several gateways are tried: what `npm run models` asks for, or what a run of all tests takes. */
export const modelRuns = Number(process.env['SLUICE_MODEL_RUNS'] ?? 2_000);

/** Of so many runs on a busy machine. */
export const modelMs = 300_000 * Math.max(1, modelRuns / 2_000);
