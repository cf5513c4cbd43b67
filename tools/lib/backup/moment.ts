const form = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads a moment of a command line: `2026-03-01T12:00:00Z`, `2026-03-01T13:00+01:00`.
 * @throws Error if the text has another form or no zone
 */
export function momentOf(text: string): Date {
  const moment = new Date(text.replace(" ", "T"));
  if (form.test(text) && !Number.isNaN(moment.getTime())) return moment;
  throw new Error(
    `--at is ${text}; expected a time with its zone: 2026-03-01T12:00:00Z or 2026-03-01T13:00+01:00.`,
  );
}
