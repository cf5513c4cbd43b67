import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { rerunning } from "../../../tools/lib/deployment/deploy.ts";
import { type EngineEvent, failureIn, watchFailures } from "../../../tools/lib/deployment/failures.ts";
import { withPrograms } from "../standIns.ts";

const container = "docker:index/container:Container";
const urn = `urn:pulumi:x::airflow::airflow:index:Airflow$airflow:index:Flower$${container}::flower`;
const provider =
  "urn:pulumi:x::airflow::airflow:index:DockerPlatform$pulumi:providers:docker::docker-big::1a2b";

const unhealthy: EngineEvent = {
  diagnosticEvent: { urn, severity: "error", message: "1 error occurred:\n\t* container did not start\n\n" },
};
const failed = (type: string, inputs: object): EngineEvent => ({
  resOpFailedEvent: { metadata: { type, new: { inputs, provider } } },
});

const events: [what: string, event: EngineEvent, failure: ReturnType<typeof failureIn>][] = [
  ["an error of a container", unhealthy, "flower: 1 error occurred:\n\t* container did not start"],
  [
    "an error that the program throws",
    {
      diagnosticEvent: {
        urn: "urn:pulumi:x::airflow::pulumi:pulumi:Stack::airflow-x",
        severity: "error",
        message: "The log of migration ends with:\n",
      },
    },
    "The log of migration ends with:",
  ],
  [
    "an error before the program ends",
    { diagnosticEvent: { severity: "error", message: "4 name(s) are taken\n" } },
    "4 name(s) are taken",
  ],
  [
    "an error with a place in a provider's source",
    { diagnosticEvent: { urn, severity: "error", message: "sdk-v2/provider2.go:572: unhealthy" } },
    undefined,
  ],
  [
    "the summary of the CLI",
    { diagnosticEvent: { severity: "error", message: "update failed\n" } },
    undefined,
  ],
  ["a warning", { diagnosticEvent: { urn, severity: "warning", message: "soon" } }, undefined],
  [
    "a failed container",
    failed(container, { name: "airflow-x-flower" }),
    { name: "airflow-x-flower", provider: "docker-big" },
  ],
  ["a failed volume", failed("docker:index/volume:Volume", { name: "airflow-x-logs" }), undefined],
  ["a failed deletion", { resOpFailedEvent: { metadata: { type: container, new: null } } }, undefined],
  ["an empty event", {}, undefined],
];

for (const [what, event, failure] of events) {
  test(`${what} is ${failure === undefined ? "ignored" : "a failure"}`, () =>
    assert.deepEqual(failureIn(event), failure));
}

const state = {
  Status: "running",
  ExitCode: 0,
  Health: {
    Log: [
      { ExitCode: 0, Output: "" },
      { ExitCode: 1, Output: "refused\nunhealthy for 22 s\n" },
    ],
  },
};

test("a failure is reported while the CLI runs, with the last health check and the end of the log", async () => {
  const client = `#!/bin/sh
case $DOCKER_HOST:$1:$4$3 in
  docker-big:inspect:airflow-x-flower*) printf '%s' '${JSON.stringify(state)}' ;;
  docker-big:logs:airflow-x-flower10) echo "Cannot bind" ; echo "Exiting" >&2 ;;
  *) exit 1 ;;
esac
`;
  const reported: string[] = [];
  await withPrograms({ docker: client }, async (folder) => {
    const log = join(folder, "events");
    const end = watchFailures(
      log,
      (name) => ({ DOCKER_HOST: name }),
      (failure) => reported.push(failure),
    );
    try {
      writeFileSync(log, `${JSON.stringify({})}\n${JSON.stringify(unhealthy)}\n{"half`);
      for (let looks = 0; reported.length === 0 && looks < 100; looks++) await sleep(100);
      assert.deepEqual(reported, ["flower: 1 error occurred:\n\t* container did not start"]);
      const flower = JSON.stringify(failed(container, { name: "airflow-x-flower" }));
      const gone = JSON.stringify(failed(container, { name: "airflow-x-redis" }));
      // The watch does not repeat the last failure: it ends, and leaves this one to the CLI.
      appendFileSync(log, `":1}\n${flower}\n${gone}\n${JSON.stringify(unhealthy)}\n`);
    } finally {
      await end();
    }
  });
  assert.deepEqual(reported.slice(1), [
    [
      "airflow-x-flower is running",
      "  its last health check ended with 1:",
      "    refused",
      "    unhealthy for 22 s",
      "  its log ends so:",
      "    Cannot bind",
      "    Exiting",
    ].join("\n"),
    "airflow-x-redis does not exist any more",
  ]);
});

test("a job that has failed runs again at the next deployment, and nothing else does", () => {
  const job = (name: string, exitCode: number, attach = true) => ({
    urn: `${urn}-${name}`,
    type: container,
    inputs: { attach },
    outputs: { exitCode },
  });
  const resources = [job("failed", 1), job("done", 0), job("service", 137, false), { urn, type: "other" }];
  assert.deepEqual(rerunning({ deployment: { resources } }), ["--replace", `${urn}-failed`]);
  assert.deepEqual(rerunning({ deployment: {} }), []);
});
