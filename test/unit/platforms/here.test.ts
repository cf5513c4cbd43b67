import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { needsHere, publisherOf } from "../../../platforms/docker/needs.ts";
import { checkEngine, preflightHere } from "../../../platforms/docker/preflight/here.ts";
import { settingsFor } from "../settingsFrom.ts";
import { withPrograms } from "../standIns.ts";

const needs = needsHere(settingsFor({ workers: 8, images: { airflow: "there" } }));
const ownName = (container: string) => publisherOf(container, "airflow-x");

test("an engine needs the stack's published ports, memory, disk and image", () => {
  assert.deepEqual(needs, {
    ports: [
      {
        address: "127.0.0.1",
        port: 8080,
        use: "webserver (airflow:webserverPort)",
        by: ["webserver", "webserver-1"],
      },
      {
        address: "127.0.0.1",
        port: 5555,
        use: "flower (airflow:flowerPort)",
        by: ["flower", "flower-1"],
      },
    ],
    memory: 8 * 2048 + 2560,
    disk: 4096,
    image: "there",
  });
});

test("only containers with an exact name of the stack count as its own publishers", () => {
  const names = ["webserver", "webserver-2", "flower", "entrance", "gateway", "2-webserver", "redis", ""];
  assert.deepEqual(
    names.filter((name) => publisherOf(`airflow-x-${name}`, "airflow-x")),
    ["webserver", "webserver-2", "flower", "entrance", "gateway"],
  );
});

interface Machine {
  /** Output of `docker ps`. */
  readonly published: string;
  /** Output of the container that inspects the machine; undefined if it cannot start. */
  readonly seen?: readonly string[];
  /** False if the engine does not answer. */
  readonly up?: boolean;
  /** Image of the container that inspects the machine. */
  readonly image?: string;
  /** False if the engine has no control groups. */
  readonly limits?: boolean;
  /** Runs the look before images are built instead. */
  readonly early?: boolean;
}

/** Runs the preflight; returns its findings, and whether a container was started to inspect the machine. */
async function looked({
  published,
  seen,
  up = true,
  image = "there",
  limits = true,
  early = false,
}: Machine): Promise<[findings: unknown, started: boolean]> {
  const info = { ID: "A", Name: "a", ServerVersion: "20.10.24", MemTotal: 16000 * 2 ** 20, NCPU: 4 };
  const engine = JSON.stringify({
    ...info,
    SystemTime: new Date(),
    DockerRootDir: "/var/lib/docker",
    Architecture: "x86_64",
    MemoryLimit: limits,
    CpuCfsQuota: limits,
  });
  const client = `#!/bin/sh
case ${up ? "$1" : "down"} in
  info) echo '${engine}' ;;
  ps) printf '%s\\n' '${published}' ;;
  run) touch "$(dirname "$0")/started"
    ${seen ? `printf '%s\\n' ${seen.map((line) => `'${line}'`).join(" ")}` : `echo "docker: Error response from daemon: No such image: ${image}" >&2; exit 125`} ;;
  *) echo "Cannot connect to the Docker daemon" >&2; exit 1 ;;
esac
`;
  return withPrograms({ docker: client }, async (folder) => {
    const look = early ? checkEngine() : preflightHere({ ...needs, image }, ownName);
    const findings = await look.catch((error: Error) => error.message);
    return [findings, existsSync(join(folder, "started"))];
  });
}

const memory =
  "the Docker engine: its workloads may use 18944 MiB of memory; expected at most the 16000 MiB of the machine, which " +
  "has 4 cores; lower the machine's workers, airflow:workerMemory or the memory of worker groups";
const open =
  "the Docker engine is 20.10.24: before 28, machines in the same network can reach what it publishes at 127.0.0.1, where only a " +
  "login protects it; expected 28 or newer, or a firewall";
const webserver = "airflow-x-webserver 127.0.0.1:8080->8080/tcp";

test("a full disk and a port in use are refused, with the process that uses the port", async () => {
  const seen = ["free 100", "listener 7 0100007F 15B3", "owner 7 42 python3"];
  assert.deepEqual(await looked({ published: webserver, seen }), [
    [
      "The Docker engine has 2 fault(s):",
      "/var/lib/docker, where its engine keeps data, has 100 MiB free; expected 4096 MiB; make room, for example with docker image prune --all, which removes images that no container uses",
      "port 5555 of 127.0.0.1, for flower (airflow:flowerPort), is taken by python3 (process 42); expected a free port; stop that, or choose another",
    ].join("\n  "),
    true,
  ]);
});

test("an engine without control groups is refused before a container starts there", async () => {
  const [fault, started] = await looked({ published: "", seen: ["free 9000"], limits: false });
  assert.match(String(fault), /^The Docker engine has 1 fault\(s\):\n {2}it cannot limit memory and CPU/);
  assert.equal(started, false);
  const early = { published: "", seen: [], early: true };
  assert.deepEqual(await looked({ ...early, limits: false }), [fault, false]);
  assert.deepEqual(await looked(early), [undefined, false]);
  assert.deepEqual(await looked({ ...early, up: false }), [undefined, false]);
});

test("a port of another stack's container is refused", async () => {
  const published = `${webserver}\nairflow-x-2-flower 127.0.0.1:5555->5555/tcp`;
  const [fault] = await looked({ published, seen: ["free 9000"] });
  assert.match(String(fault), /port 5555 .* is taken by container airflow-x-2-flower; expected a free port/);
});

test("a port of another container of the stack is refused, unless that gets the port under another name", async () => {
  const seen = ["free 9000"];
  const moved = await looked({ published: "airflow-x-flower 127.0.0.1:8080->5555/tcp", seen });
  assert.match(
    String(moved[0]),
    /port 8080 .* for webserver .* is taken by container airflow-x-flower; expected a free port; the deployment may need it before that container is replaced; choose another, or deploy with another first$/,
  );
  const second = await looked({ published: "airflow-x-webserver-2 127.0.0.1:8080->8080/tcp", seen });
  assert.match(String(second[0]), /is taken by container airflow-x-webserver-2; /);
  const first = await looked({ published: "airflow-x-webserver-1 127.0.0.1:8080->8080/tcp", seen });
  assert.deepEqual(first, [[memory, open], true]);
});

test("memory limits beyond the machine's memory are a warning", async () => {
  assert.deepEqual(await looked({ published: "", seen: ["free 9000"] }), [[memory, open], true]);
});

test("no container inspects the machine while the stack itself publishes all of its ports", async () => {
  const published = `${webserver}\nairflow-x-flower 127.0.0.1:5555->5555/tcp`;
  assert.deepEqual(await looked({ published }), [[memory], false]);
});

test("a machine that cannot be inspected is a warning, and later steps report an engine that does not answer", async () => {
  const blind = "ports and disk of the Docker engine were not checked: No such image: there";
  assert.deepEqual(await looked({ published: "" }), [[memory, open, blind], true]);
  assert.deepEqual(await looked({ published: "", up: false }), [[], false]);
});

test("a missing image of this project is reported with the command that builds it", async () => {
  const image = "airflow-on-celery/airflow:1";
  const [fault] = await looked({ published: "", image });
  assert.match(
    String(fault),
    /No such image: airflow-on-celery\/airflow:1; no registry has it: run npm run images in a clone of this version, or set airflow:images$/,
  );
});

test("an engine that hangs is refused before images are built; a missing engine is left to the step that starts one", async () => {
  const fails = (complaint: string) => `#!/bin/sh\necho "${complaint}" >&2\nexit 1\n`;
  await withPrograms({ docker: fails("timed out after 45 s") }, () =>
    assert.rejects(checkEngine(), {
      message: "The Docker engine does not answer: timed out after 45 s; expected an answer; try docker info",
    }),
  );
  await withPrograms({ docker: fails("Cannot connect to the Docker daemon") }, () => checkEngine());
});
