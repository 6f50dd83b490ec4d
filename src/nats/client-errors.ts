/**
 * Tells the errors of the client from all others. Its packages are loaded only by a call (see connect-nats.ts).
 */

/** What NATS has answered, by an error of its client; null for any other error. */
export async function saidByNats(error: unknown): Promise<'nothing' | 'no' | null> {
  const [{ errors }, { JetStreamApiError }] = await Promise.all([
    import('@nats-io/transport-node'),
    import('@nats-io/jetstream'),
  ]);
  const ofNothing = [
    ...[errors.TimeoutError, errors.NoRespondersError, errors.RequestError],
    ...[errors.ConnectionError, errors.ClosedConnectionError, errors.DrainingConnectionError, errors.ProtocolError],
  ];
  const ofNo = [
    ...[JetStreamApiError, errors.AuthorizationError],
    ...[errors.PermissionViolationError, errors.UserAuthenticationExpiredError],
  ];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const found = cause;
    if (ofNo.some((kind) => found instanceof kind)) return 'no';
    if (ofNothing.some((kind) => found instanceof kind)) return 'nothing';
  }
  return null;
}
