import { kubectl } from "../../lab/lab.ts";

/** Requests of a client in the cluster while the webserver is replaced. */
export interface Requests {
  readonly sent: number;
  readonly failed: number;
}

/** Sends requests, each by a connection of its own, until a line arrives on standard input; prints their number and those that failed. */
const client = `
import select, sys, time, urllib.request
sent = failed = 0
while not select.select([sys.stdin], [], [], 0.05)[0]:
    sent += 1
    try:
        urllib.request.urlopen(sys.argv[1], timeout=10).read()
    except OSError as error:
        failed += 1
        print(error, file=sys.stderr)
print(sent, failed)
`.trim();

/**
 * Replaces the pods of a webserver, and counts requests to it from before until 10 s afterwards.
 * @param webserver name of its deployment and of its service
 * @param from pod that sends the requests
 */
export async function replacing(namespace: string, webserver: string, from: string): Promise<Requests> {
  const of = ["--namespace", namespace];
  const url = `http://${webserver}:8080/api/v2/version`;
  const script = `(until [ -e /dev/shm/replaced ]; do sleep 0.2; done; echo) | python -c "$1" ${url}; rm -f /dev/shm/replaced`;
  const counted = kubectl("exec", ...of, from, "--", "sh", "-c", script, "sh", client);
  const deployment = `deployment/${webserver}`;
  try {
    await kubectl("rollout", "restart", ...of, deployment);
    await kubectl("rollout", "status", ...of, deployment, "--timeout=300s");
  } finally {
    await kubectl("exec", ...of, from, "--", "sh", "-c", "sleep 10; touch /dev/shm/replaced");
  }
  const [sent = 0, failed = 0] = (await counted).trim().split(" ").map(Number);
  return { sent, failed };
}
