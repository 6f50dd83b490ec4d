/** What `sluice doctor` finds. */
export interface Finding {
  readonly name: string;
  readonly isOk: boolean;
  /** What was found; where it is not ok, and what to do. */
  readonly says: string;
}

export function ok(name: string, says: string): Finding {
  return { name, isOk: true, says };
}

export function no(name: string, says: string): Finding {
  return { name, isOk: false, says };
}
