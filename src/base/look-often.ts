/**
 * One timer for all that look a few times a second, for each of its own would wake an idle process apart.
 */
const lookMs = 250;

const looks = new Set<() => void>();
let timer: NodeJS.Timeout | null = null;

/** Calls `look` about four times a second; the process may end all the same. Gives the way to stop. */
export function lookOften(look: () => void): () => void {
  const own = (): void => look();
  looks.add(own);
  timer ??= setInterval(() => {
    for (const each of [...looks]) each();
  }, lookMs).unref();
  return () => {
    looks.delete(own);
    if (looks.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}
