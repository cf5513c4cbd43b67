/** Answer of the API to a request for a task's log: in Airflow 2 a text of host and log pairs, in Airflow 3 a list of lines. */
export interface LogAnswer {
  readonly content:
    | string
    | readonly (string | { readonly event?: string; readonly error_detail?: unknown })[];
}

/** Converts an answer of the API to lines. */
export function linesOf({ content }: LogAnswer): readonly string[] {
  if (typeof content === "string") return content.split(/\\n|\n/);
  return content.map((line) => {
    if (typeof line === "string") return line;
    const { event = "", error_detail: detail } = line;
    return detail === undefined ? event : `${event} ${JSON.stringify(detail)}`;
  });
}
