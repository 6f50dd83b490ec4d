/**
 * A label that a token sets on the resource of every event that is sent with it, whatever its sender wrote there.
 */
export interface ForcedLabel {
  readonly key: string;
  readonly value: string;
}
