import { masked } from "../../../settings/model/urls/mask.ts";

let hasReader = true;

// Without a reader, as in `npm run up | head` or once the terminal is closed, a command goes on to its end in silence.
process.stderr.on("error", () => {});
process.stdout.on("error", () => {
  hasReader = false;
});

/** False once nobody reads the standard output; a command that prints for ever then ends. */
export function isRead(): boolean {
  return hasReader;
}

/** Prints a text with its secrets masked. All output of commands passes through this file. */
export function print(text: string): void {
  console.log(masked(text));
}

/** Prints an error, or what a command does before it writes data to its standard output. */
export function printError(text: string): void {
  console.error(masked(text));
}

/** Prints a text unmasked: a secret that the user asked for, or a refusal, which contains no secret. */
export function printPlain(text: string): void {
  console.log(text);
}

export function printPlainError(text: string): void {
  console.error(text);
}

/** Writes to the terminal without a line break. */
export function prompt(text: string): void {
  process.stderr.write(text);
}

const keyBegins = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const keyEnds = /-----END [A-Z ]*PRIVATE KEY-----/;

/**
 * Masks a stream line by line, since a secret may be split over chunks, and a private key over lines.
 * @returns functions that receive the chunks, and the end
 */
export function masking(write: (text: string) => void): {
  readonly hear: (chunk: string) => void;
  readonly end: () => void;
} {
  let rest = "";
  let inKey = false;
  const emit = (line: string) => {
    if (inKey) inKey = !keyEnds.test(line);
    else {
      inKey = keyBegins.test(line) && !keyEnds.test(line);
      write(inKey ? line.replace(/-----BEGIN .*/s, "…\n") : masked(line));
    }
  };
  return {
    hear: (chunk) => {
      const lines = (rest + chunk).split(/(?<=\n|\r(?!\n))/);
      // The last line may go on in the next chunk.
      rest = /[\n\r]$/.test(lines.at(-1) ?? "") ? "" : (lines.pop() ?? "");
      for (const line of lines) emit(line);
    },
    end: () => {
      if (rest !== "") emit(rest);
      rest = "";
    },
  };
}

/** Copies a stream of a child process to the terminal, masked. */
export function show(from: NodeJS.ReadableStream | null, to: NodeJS.WritableStream): void {
  const { hear, end } = masking((text) => to.write(text));
  from?.setEncoding("utf8").on("data", hear).on("end", end);
}
