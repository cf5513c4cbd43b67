/** Error that lists all faults of a stack, each on a line with its place. */
export class Refused extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(`The stack's configuration has ${lines.length} fault(s):\n  ${lines.join("\n  ")}`);
    this.lines = lines;
  }
}
