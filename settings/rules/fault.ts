/** A wrong value: the path to it, and a message that says what is expected. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Text to print as the given value, such as one that is not secret although its neighbours may be. */
  readonly given?: string;
}

/** Keeps the first fault of each value: a text is not also out of range. */
export function firstAtEach(faults: readonly Fault[]): Fault[] {
  return [
    ...new Map(faults.toReversed().map((fault) => [JSON.stringify(fault.path), fault])).values(),
  ].toReversed();
}

/** Lists the fault of a value; none without a message. */
export function faultAt(path: Fault["path"], message: string | undefined, given?: string): Fault[] {
  return message === undefined ? [] : [{ path, message, ...(given !== undefined && { given }) }];
}
