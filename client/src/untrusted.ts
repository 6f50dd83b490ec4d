/** Of Node alone: what it says of a certificate that nobody whom it trusts has signed, and how it comes to trust it. */

const codes: readonly unknown[] = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];
const hint = ': if it is yours, NODE_EXTRA_CA_CERTS=FILE makes Node trust it';

/** Whether the server was found, and only its certificate is not trusted. */
export function isUntrusted(error: unknown): boolean {
  return refusalIn(error) !== null;
}

/** The same error, of which the message says what to do. */
export function withHint(error: unknown): unknown {
  const refusal = refusalIn(error);
  if (refusal !== null && !refusal.message.endsWith(hint)) refusal.message += hint;
  return error;
}

export const fetchWithHint: typeof globalThis.fetch = (input, init) =>
  globalThis.fetch(input, init).catch((error: unknown) => Promise.reject(withHint(error)));

/** `fetch` has it as the cause of its own. */
function refusalIn(error: unknown): Error | null {
  if (!(error instanceof Error)) return null;
  return 'code' in error && codes.includes(error.code) ? error : refusalIn(error.cause);
}
