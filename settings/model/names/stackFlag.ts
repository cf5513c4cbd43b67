/** Returns ` --stack NAME` for a command in a message; empty for the stack `dev`, the default of all commands. */
export function stackFlag(stack: string): string {
  return stack === "dev" ? "" : ` --stack ${stack}`;
}
