/**
 * Where the gateways of a shared log keep what they tell each other: names of the bucket and of its keys.
 */
export function stateBucket(logName: string): string {
  return `${logName}_STATE`;
}

/** Of the gateway that forwards to Prefect. */
export const forwarderKey = 'forwarder';
/** Of the settings that all have alike. */
export const settingsKey = 'settings';

/** How the keys begin in which each gateway says how it stands. */
export const gatewayKeys = 'gateway.';

export function gatewayKey(id: string): string {
  return `${gatewayKeys}${id}`;
}
