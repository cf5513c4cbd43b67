/** A wrong value: the path to it, and a message that says what is expected. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Text to print as the given value, such as one that is not secret although its neighbours may be. */
  readonly given?: string;
}
