/**
 * What a row of the table of settings has, and short ways to write the usual ones.
 */
type Kind =
  | 'integer'
  | 'string'
  | 'optional'
  | 'secret'
  | 'durability'
  | 'ddl'
  | 'level'
  | 'daysByEvent'
  | 'failPoint'
  | 'url'
  | 'release'
  | 'origins'
  | 'networks'
  | 'switch';

export interface SettingRow {
  /** Environment variable; the flag is the name without `SLUICE_`, in kebab-case. */
  readonly env: string;
  readonly kind: Kind;
  /** Of a switch: `on` or `off`; its flag may stand alone, and is `on` then. */
  readonly fallback: number | string | boolean | null;
  readonly min?: number;
  readonly max?: number;
  readonly help: string;
  /** Another variable that is taken when this one is not set. */
  readonly alias?: string;
  /** Of a secret: set but empty is the same as not set. Any other one that is empty stops the start. */
  readonly mayBeEmpty?: true;
  /**
   * Of a secret: its flag may be given as long as it holds no password. Any other secret has only the flag of its file.
   */
  readonly hasFlag?: true;
}

export const second = 1000;
export const minute = 60 * second;
export const day = 24 * 60 * minute;
export const mebibyte = 1024 * 1024;
/** The system's timers count in 31 bits: 24.8 days. */
export const timerMsMax = 24 * day;

export function whole(env: string, fallback: number, help: string, min = 0, max = mostOf(env)) {
  return { env, kind: 'integer', fallback, help, min, max } as const;
}

export function text(env: string, fallback: string, help: string) {
  return { env, kind: 'string', fallback, help } as const;
}

function mostOf(env: string): number {
  return env.endsWith('_MS') ? timerMsMax : Number.MAX_SAFE_INTEGER;
}
