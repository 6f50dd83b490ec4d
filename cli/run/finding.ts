/** What `sluice doctor` finds. */
export interface Finding {
  readonly name: string;
  readonly isOk: boolean;
  /** What was found; where it is not ok, and what to do. */
  readonly says: string;
}
