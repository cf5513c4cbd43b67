import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { project } from "../../../tools/lib/process.ts";
import { generatedFiles } from "../../../tools/upkeep/generate.ts";

function read(path: string): string {
  return readFileSync(join(project, path), "utf8");
}

const page = read("CONTRIBUTING.md");
const sources = globSync("**/*.ts", {
  cwd: project,
  exclude: (name) => ["node_modules", "dist", "test"].includes(name),
}).sort();
const programs = globSync("{components,tools}/**/*.py", { cwd: project }).sort();

/** Text of a section of the page, up to the next one. */
function section(title: string): string {
  const [, text] = page.split(new RegExp(`^## ${title}$`, "m"));
  assert.ok(text, title);
  return text.split(/^## /m)[0] ?? "";
}

/** Lists the production files that a section names, sorted, except files in `but`, which it names for another reason. */
function listed(title: string, but: readonly string[] = []): string[] {
  const all = [...section(title).matchAll(/`([\w./-]+\.(?:ts|py))`/g)].map(([, path = ""]) => path);
  return [...new Set(all)].filter((path) => !path.startsWith("test/") && !but.includes(path)).sort();
}

/** Lists the production files whose code, without comments, matches a pattern. */
function saying(what: RegExp): string[] {
  const code = (path: string) =>
    read(path)
      .replaceAll(/\/\*.*?\*\//gs, "")
      .replaceAll(/^\s*\/\/.*$/gm, "");
  return [...sources, ...programs].filter((path) => what.test(code(path))).sort();
}

/** Room of a file: a folder, one of the four steps of `settings`, or `tools/lib`. */
function roomOf(path: string): string {
  const [room = "", step = ""] = path.split("/");
  return room === "settings" || (room === "tools" && step === "lib") ? `${room}/${step}` : room;
}

/** Lists the rooms that each room imports from. */
function imports(): Map<string, string[]> {
  const edges = sources.flatMap((file) => {
    const found = read(file).matchAll(/(?:from|import)\s*\(?"(\.{1,2}\/[^"]+)"/g);
    return [...found].map(([, path = ""]) => [roomOf(file), roomOf(join(dirname(file), path))] as const);
  });
  const rooms = [...new Set(sources.map(roomOf))].sort();
  const from = (room: string) => edges.filter(([one, other]) => one === room && other !== room);
  return new Map(rooms.map((room) => [room, [...new Set(from(room).map(([, other]) => other))].sort()]));
}

test("the table of CONTRIBUTING.md has exactly the imports between rooms", () => {
  const rows = section("The house").matchAll(/^\| `([^`]+)` \|.*\|([^|]*)\|$/gm);
  const listed = [...rows].map(([, room = "", cell = ""]) => {
    const others = [...cell.matchAll(/`([^`]+)`/g)].map(([, other = ""]) => other);
    return [room, others] as const;
  });
  assert.deepEqual(new Map(listed.toSorted(([one], [other]) => (one < other ? -1 : 1))), imports());
});

test("no room imports from itself through other rooms", () => {
  const edges = imports();
  const reach = (from: string, seen = new Set<string>()): Set<string> => {
    for (const next of edges.get(from) ?? []) if (!seen.has(next)) reach(next, seen.add(next));
    return seen;
  };
  assert.deepEqual(
    [...edges.keys()].filter((room) => reach(room).has(room)),
    [],
  );
});

test("only platforms/ imports a container provider, and only config.ts reads Pulumi's configuration", () => {
  const importers = saying(/from "@pulumi\/(docker|kubernetes)|import\("@pulumi\/(docker|kubernetes)/);
  assert.ok(importers.includes("platforms/docker/container.ts"), importers.join());
  assert.deepEqual(
    importers.filter((path) => !path.startsWith("platforms/")),
    [],
  );
  assert.deepEqual(saying(/pulumi\.(Config\b|runtime\.allConfig)/), ["config.ts"]);
});

test("CONTRIBUTING.md names every generated file in its steps for a config key", () => {
  const text = section("Add a config key");
  assert.deepEqual(
    generatedFiles.filter((file) => !text.includes(`\`${file}\``)),
    [],
  );
});

test("CONTRIBUTING.md lists exactly the files that name the DAG processor", () => {
  assert.deepEqual(listed("Add a role"), saying(/\b(dag-processor|DagProcessor)/));
});

test("only the files that CONTRIBUTING.md lists distinguish platforms", () => {
  const known = ["platforms/docker/docker.ts", "platforms/kubernetes/kubernetes.ts"];
  const schema = ["capabilities.ts", "workload.ts", "settings/schema/schema.ts"];
  assert.deepEqual(listed("Add a platform", [...known, ...schema]), saying(/import .*\bforPlatform\b/));
  assert.deepEqual(saying(/(?<!process\.)platform\s*[!=]==|[!=]== "(docker|kubernetes)"/), []);
});

test("CONTRIBUTING.md lists exactly the files that name a version of Airflow", () => {
  const folder = /^components\/roles\/versions\//;
  const text = "Add a version of Airflow";
  assert.deepEqual(
    listed(text, ["roles.ts"]).filter((path) => !folder.test(path)),
    saying(/\b(2\.11|3\.3)\b/).filter((path) => !folder.test(path)),
  );
});

/** True if `tools/run` accepts a version of Node.js. */
function isTaken(version: string): boolean {
  const [check = ""] = /^node_is_new\(\) \{.*?^\}$/ms.exec(read("tools/run")) ?? [];
  const script = `node() { echo v${version}; }\n${check}\nnode_is_new && echo yes || echo no`;
  return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim() === "yes";
}

test("package.json, tools/run and the pages ask for the Node.js that the program needs", () => {
  assert.equal(JSON.parse(read("package.json")).engines.node, "^22.18.0 || >=24.3.0");
  assert.equal(JSON.parse(read("package-lock.json")).packages[""].engines.node, "^22.18.0 || >=24.3.0");
  const versions = ["20.19.5", "22.17.1", "22.18.0", "22.21.0", "23.11.1", "24.2.0", "24.3.0", "25.0.0"];
  assert.deepEqual(versions.filter(isTaken), ["22.18.0", "22.21.0", "24.3.0", "25.0.0"]);
  for (const file of ["docs/deploy.md", "CONTRIBUTING.md"])
    assert.match(read(file), /Node\.js[^.]*22\.18[^.]*24\.3 or newer/s, file);
});
