/**
 * Which turn of the event loop this is: all that came in one read of a connection is handled in one turn.
 */
let turn = 0;
let isAsked = false;

/** A number that no other turn has. */
export function currentTurn(): number {
  if (!isAsked) {
    isAsked = true;
    setImmediate(endTurn);
  }
  return turn;
}

function endTurn(): void {
  isAsked = false;
  turn += 1;
}
