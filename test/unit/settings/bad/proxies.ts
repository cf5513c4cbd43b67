import type { BadRow } from "./rows.ts";

/** Returns a stack that is valid except for the addresses of the user's proxy. */
function behind(
  name: string,
  addresses: string,
  says: readonly string[],
  { expressible = false, more = "" } = {},
): BadRow {
  const config = `config:\n  airflow:trustedProxies: ${addresses}\n${more}`;
  return { name, config, says: says.map((fault) => `2: trustedProxies${fault}`), expressible };
}

const form = "expected an address or a range of addresses: 172.18.0.1, 172.18.0.0/16";

export const proxies: readonly BadRow[] = [
  behind(
    "proxies that are not addresses",
    '["*", proxy.test, 172.18.0.256, 172.18.0.0/33, "10.0.0.1:80"]',
    [
      `[0] is *; ${form}`,
      `[1] is proxy.test; ${form}`,
      `[2] is 172.18.0.256; ${form}`,
      `[3] is 172.18.0.0/33; ${form}`,
      `[4] is 10.0.0.1:80; ${form}`,
    ],
    { expressible: true },
  ),
  behind("a proxy outside of a list", "172.18.0.1", [" is text; expected a list of addresses"], {
    expressible: true,
  }),
  behind(
    "proxies everywhere, nowhere, and at the container itself",
    "[0.0.0.0/0, 10.1.2.3/20, 127.0.0.1, 128.0.0.0/7, 224.0.0.1]",
    [
      "[0] is 0.0.0.0/0; the webserver would trust too many addresses: expected the addresses of the proxy",
      "[1] is 10.1.2.3/20; no range begins there, and the webserver would trust nobody: expected 10.1.0.0/20, or an address",
      "[2] is 127.0.0.1; a proxy of this machine reaches the webserver from the gateway of the stack's network: expected its address, as `docker network inspect` prints it",
      "[3] is 128.0.0.0/7; the webserver would trust too many addresses: expected the addresses of the proxy",
      "[4] is 224.0.0.1; no proxy has such an address: expected the address of the proxy",
    ],
  ),
  behind(
    "a proxy in front of Airflow 2",
    "[172.18.0.1]",
    [
      " is {…}; Airflow 2 trusts the headers of every client or of none: expected version 3.3.2, or settings.webserver.enable_proxy_fix: true",
    ],
    { more: "  airflow:version: 2.11.2\n" },
  ),
  behind(
    "a proxy in a cluster",
    "[172.18.0.1]",
    [" is {…}; a cluster has an ingress for that: expected kubernetes.ingress"],
    {
      more: `  airflow:platform: kubernetes
  airflow:images: { airflow: r.test/a:1, postgres: r.test/p:1, redis: r.test/r:1 }
  airflow:dagsGit: { url: https://git.test/dags.git }
`,
    },
  ),
];
