import { masked } from "../../../settings/model/urls/mask.ts";

/** Prints a text without what may be secret in it. All that commands print goes through here. */
export function print(text: string): void {
  console.log(masked(text));
}

export function printError(text: string): void {
  console.error(masked(text));
}

/** Prints a text as it is: a login that the reader asked for, or a refusal, which shows no secret by itself. */
export function printPlain(text: string): void {
  console.log(text);
}

export function printPlainError(text: string): void {
  console.error(text);
}

/** Writes to the terminal without a line break. */
export function ask(text: string): void {
  process.stderr.write(text);
}

const keyBegins = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const keyEnds = /-----END [A-Z ]*PRIVATE KEY-----/;

/**
 * Masks a stream line by line, since a secret may be split over chunks, and a private key over lines.
 * @returns what takes the chunks, and what takes the end
 */
export function masking(write: (text: string) => void): {
  readonly hear: (chunk: string) => void;
  readonly end: () => void;
} {
  let rest = "";
  let inKey = false;
  const tell = (line: string) => {
    if (inKey) inKey = !keyEnds.test(line);
    else {
      inKey = keyBegins.test(line) && !keyEnds.test(line);
      write(inKey ? line.replace(/-----BEGIN .*/s, "…\n") : masked(line));
    }
  };
  return {
    hear: (chunk) => {
      const lines = (rest + chunk).split(/(?<=\n|\r(?!\n))/);
      // A line is whole once its end is there; the one behind it may go on in the next chunk.
      rest = /[\n\r]$/.test(lines.at(-1) ?? "") ? "" : (lines.pop() ?? "");
      for (const line of lines) tell(line);
    },
    end: () => {
      if (rest !== "") tell(rest);
      rest = "";
    },
  };
}

/** Passes a stream of a child on to the terminal, masked. */
export function show(from: NodeJS.ReadableStream | null, to: NodeJS.WritableStream): void {
  const { hear, end } = masking((text) => to.write(text));
  from?.setEncoding("utf8").on("data", hear).on("end", end);
}
