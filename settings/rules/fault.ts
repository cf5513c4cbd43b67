/** A wrong value: the path to it, and a message with what is wrong and what is expected. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Text to print as the given value; needed where a value is not secret although values beside it may be. */
  readonly given?: string;
}

/** Keeps the first fault of each value: a value of the wrong type is not also out of range. */
export function firstAtEach(faults: readonly Fault[]): Fault[] {
  return [
    ...new Map(faults.toReversed().map((fault) => [JSON.stringify(fault.path), fault])).values(),
  ].toReversed();
}

/** Returns the fault of a value as a list, which is empty without a message. */
export function faultAt(path: Fault["path"], message: string | undefined, given?: string): Fault[] {
  return message === undefined ? [] : [{ path, message, ...(given !== undefined && { given }) }];
}

/** Moves faults below a path. */
export function below(faults: readonly Fault[], ...path: Fault["path"]): Fault[] {
  return faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
}
