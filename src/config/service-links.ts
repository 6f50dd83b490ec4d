/**
 * Variables that an orchestrator sets by itself. Kubernetes, and Docker's links before it, tell every container of each
 * service near it: a service named `sluice` gives `SLUICE_PORT=tcp://10.0.0.1:4200`, one named `sluice-web` gives
 * `SLUICE_WEB_SERVICE_HOST`. None of them is a setting of ours.
 */

const url = /^(tcp|udp|sctp):\/\//i;
/** By the end of the name, what the value looks like. */
const shapes: readonly (readonly [name: RegExp, value: RegExp])[] = [
  [/_SERVICE_HOST$/, /^/],
  [/_SERVICE_PORT(_[A-Z0-9_]+)?$/, /^\d+$/],
  [/_PORT$/, url],
  [/_PORT_\d+_(TCP|UDP|SCTP)$/, url],
  [/_PORT_\d+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR)$/, /^/],
  // Docker's: the names of both containers, and what the other one's environment holds.
  [/_NAME$/, /^\/[^/]+\/[^/]+$/],
  [/^SLUICE_([A-Z0-9_]+_)?ENV_/, /^/],
];

/** Whether a variable under our prefix is one that was put there for a service. */
export function isServiceLink(name: string, value: string): boolean {
  return name.startsWith('SLUICE_') && shapes.some(([ofName, ofValue]) => ofName.test(name) && ofValue.test(value));
}
