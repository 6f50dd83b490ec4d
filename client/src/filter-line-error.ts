/** Why a line is no filter, or a filter no line: one sentence for the person who typed it. */
export class FilterLineError extends Error {
  override readonly name = 'FilterLineError';
}
