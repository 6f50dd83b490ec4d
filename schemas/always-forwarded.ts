/**
 * How the names of events begin that a Prefect server works by itself. They are forwarded to it, whatever the filter
 * names.
 */
export const alwaysForwarded = 'prefect.';
