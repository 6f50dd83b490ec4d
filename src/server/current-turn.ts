/**
 * Which turn of the event loop this is: all that came in one read of a connection is handled in one turn.
 */
let turn: symbol | null = null;

export function currentTurn(): symbol {
  if (turn !== null) return turn;
  turn = Symbol('a turn of the loop');
  setImmediate(() => {
    turn = null;
  });
  return turn;
}
