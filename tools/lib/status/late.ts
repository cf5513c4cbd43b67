import { ago } from "./table.ts";

/** Something that a container does again and again. */
export interface Repeated {
  /** Name for a person: `backup`. */
  readonly what: string;
  /** Whose start is told if it was never done: `their container`. */
  readonly container: string;
  /** Time of the last success, in ISO 8601. */
  readonly last?: string | undefined;
  /** Start of the container. */
  readonly since?: Date | undefined;
}

/** Says that something was last done more than some seconds ago, or never since its container was started; undefined otherwise. */
export function lateness(
  { what, container, last, since }: Repeated,
  seconds: number,
  now: Date,
): string | undefined {
  const begin = last === undefined ? since : new Date(last);
  if (begin === undefined || now.getTime() - begin.getTime() <= seconds * 1000) return undefined;
  const told =
    last === undefined
      ? `there is no ${what} yet, although ${container} was started`
      : `the last ${what} is from`;
  return `${told} ${ago(begin, now)}`;
}
