/** An operator, an account with JetStream and a user of NATS, as its own tools make them: three keys, three JWTs. */
import { randomUUID } from 'node:crypto';
import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys';

export interface Credentials {
  /** Lines of the server's configuration. */
  readonly lines: readonly string[];
  /** What a user's file holds. */
  readonly text: string;
}

export function makeCredentials(): Credentials {
  const [operator, system, account, user] = [createOperator(), createAccount(), createAccount(), createUser()];
  const limits = { subs: -1, data: -1, payload: -1 };
  const streams = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const ofSystem = { ...limits, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const ofAccount = { ...ofSystem, ...streams };
  const operatorJwt = jwt(operator, operator, { type: 'operator' });
  const accountJwt = jwt(operator, account, { type: 'account', limits: ofAccount, default_permissions: {} });
  const systemJwt = jwt(operator, system, { type: 'account', limits: ofSystem, default_permissions: {} });
  const userJwt = jwt(account, user, { type: 'user', pub: {}, sub: {}, ...limits });
  const seed = Buffer.from(user.getSeed()).toString();
  return {
    lines: [
      `operator: ${operatorJwt}`,
      'resolver: MEMORY',
      `system_account: ${system.getPublicKey()}`,
      `resolver_preload: { ${system.getPublicKey()}: ${systemJwt}, ${account.getPublicKey()}: ${accountJwt} }`,
    ],
    text:
      `-----BEGIN NATS USER JWT-----\n${userJwt}\n------END NATS USER JWT------\n\n` +
      `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
  };
}

function jwt(issuer: KeyPair, subject: KeyPair, nats: object): string {
  const claims = {
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    name: 'test',
    sub: subject.getPublicKey(),
    nats: { ...nats, version: 2 },
  };
  const signed = [{ typ: 'JWT', alg: 'ed25519-nkey' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
}
