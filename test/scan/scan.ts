import { execFile } from "node:child_process";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { readStackFile } from "../../settings/read/read.ts";
import { main, project, run } from "../../tools/lib/process.ts";
import { inTemporaryFolder } from "../../tools/lib/temporaryFolder.ts";

/** Problem that a scanner reports about an object. */
export interface Finding {
  readonly rule: string;
  /** Kind and name of the object; `-` if there is none. */
  readonly object: string;
  readonly message: string;
}

type Scanner = (tools: string, folder: string) => Promise<Finding[]>;

/** Parses a command's JSON output; exit code 1 means that there are findings. */
async function json<T>(schema: z.ZodType<T>, command: string, args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await new Promise<{ code: unknown; stdout: string; stderr: string }>(
    (done) =>
      execFile(command, args, { maxBuffer: 2 ** 28, cwd: tmpdir() }, (error, stdout, stderr) =>
        done({ code: error ? error.code : 0, stdout, stderr }),
      ),
  );
  try {
    if (code === 0 || code === 1) return schema.parse(JSON.parse(stdout));
  } catch {}
  throw new Error(`${basename(command)} failed (${code}):\n${(stderr || stdout).slice(-2000)}`);
}

function objectIn(folder: string, file: string): string {
  if (!file) return "-";
  const { kind, metadata } = parse(readFileSync(join(folder, basename(file)), "utf8"));
  return `${kind}/${metadata.name}`;
}

const scores = z.array(
  z.object({
    object_meta: z.object({ name: z.string() }),
    type_meta: z.object({ kind: z.string() }),
    checks: z.array(
      z.object({
        check: z.object({ id: z.string() }),
        /** 10 is best. */
        grade: z.number(),
        skipped: z.boolean(),
        comments: z.array(z.object({ path: z.string(), summary: z.string() })).nullable(),
      }),
    ),
  }),
);

/** Kubernetes version of the lab, as kube-score names it. */
const version = "v1.34";

async function kubeScore(tools: string, folder: string): Promise<Finding[]> {
  const flags = ["--kubernetes-version", version, "--all-default-optional"];
  flags.push("--disable-ignore-checks-annotations", "--output-format", "json");
  const files = readdirSync(folder).map((file) => join(folder, file));
  const scored = await json(scores, join(tools, "kube-score"), ["score", ...flags, ...files]);
  return scored.flatMap(({ type_meta, object_meta, checks }) =>
    checks
      .filter(({ grade, skipped }) => grade < 10 && !skipped)
      .flatMap(({ check, comments }) =>
        (comments ?? [{ path: "", summary: "failed" }]).map(({ path, summary }) => ({
          rule: check.id,
          object: `${type_meta.kind}/${object_meta.name}`,
          message: path ? `${path}: ${summary}` : summary,
        })),
      ),
  );
}

const vulnerabilities = z.array(z.object({ rule: z.string(), file: z.string(), message: z.string() }));

async function kics(tools: string, folder: string): Promise<Finding[]> {
  const found = await json(vulnerabilities, join(tools, "kics"), [join(tools, "queries"), folder]);
  return found.map(({ rule, file, message }) => ({ rule, object: objectIn(folder, file), message }));
}

const report = z.object({
  results: z.object({
    failed_checks: z.array(z.object({ check_id: z.string(), check_name: z.string(), file_path: z.string() })),
  }),
  summary: z.object({ parsing_errors: z.literal(0), skipped: z.literal(0) }),
});
const reports = z.union([report.transform((one) => [one]), z.array(report)]);

async function checkov(tools: string, folder: string): Promise<Finding[]> {
  const flags = ["--framework", "kubernetes", "secrets", "--skip-download", "--compact", "--output", "json"];
  const found = await json(reports, join(tools, "checkov/bin/checkov"), ["--directory", folder, ...flags]);
  return found
    .flatMap(({ results }) => results.failed_checks)
    .map(({ check_id, check_name, file_path }) => ({
      rule: check_id,
      object: objectIn(folder, file_path),
      message: check_name,
    }));
}

export const scanners = { "kube-score": kubeScore, kics, checkov } satisfies Record<string, Scanner>;
export type ScannerName = keyof typeof scanners;

/** Exception to a scanner's rule, for findings where the pattern `where` matches `stack Kind/name: message`. */
export interface Exception {
  readonly rule: string;
  readonly where: string;
  readonly why: string;
}

const exceptions = z.array(
  z.strictObject({ rule: z.string(), where: z.string().default(""), why: z.string().min(20) }),
);

/** Reads the exceptions of a scanner from `allowed/`. */
export function allowed(scanner: ScannerName): readonly Exception[] {
  return exceptions.parse(
    parse(readFileSync(join(import.meta.dirname, "allowed", `${scanner}.yaml`), "utf8")),
  );
}

export function excuses({ rule, where }: Exception, stack: string, found: Finding): boolean {
  return rule === found.rule && new RegExp(where).test(`${stack} ${found.object}: ${found.message}`);
}

/** Lists the names of the stacks for a cluster. */
export function stacks(): readonly string[] {
  const files = globSync("stacks/Pulumi.*.yaml", { cwd: project }).sort();
  return files
    .filter((file) => readStackFile(join(project, file)).platform === "kubernetes")
    .map((file) => basename(file).split(".")[1] as string);
}

/** Installs the scanners if missing; returns their folder. */
export async function setUp(): Promise<string> {
  const setup = join(import.meta.dirname, "setup.sh");
  await run(setup, [], { show: true });
  return (await run(setup, ["--where"])).trim();
}

/** Renders a stack's manifests into a temporary folder for `use`. */
export function withManifests<T>(stack: string, use: (folder: string) => Promise<T>): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    await run(process.execPath, ["tools/render.ts", "--stack", stack, "--out", folder]);
    return use(folder);
  });
}

export function shown(stack: string, scanner: string, { rule, object, message }: Finding): string {
  return `${stack}: ${scanner}: ${rule}: ${object}: ${message}`;
}

if (import.meta.main) {
  await main(async () => {
    const tools = await setUp();
    for (const stack of stacks()) {
      await withManifests(stack, async (folder) => {
        for (const name of Object.keys(scanners) as ScannerName[]) {
          const found = await scanners[name](tools, folder);
          for (const one of found) {
            const why = allowed(name).find((exception) => excuses(exception, stack, one))?.why;
            console.log(`${shown(stack, name, one)}${why === undefined ? "" : ` [allowed: ${why}]`}`);
          }
        }
      });
    }
  });
}
