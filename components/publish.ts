import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { roleTable } from "../roles.ts";
import { certificatesIn, keyProblem } from "../settings/model/certificates.ts";
import type { Settings } from "../settings/model/groups.ts";
import { publishedUrl } from "../settings/model/published.ts";
import type { Platform } from "../workload.ts";
import { monitoringPort } from "./monitoring/monitoring.ts";
import { readSecret } from "./readSecret.ts";

/** Public addresses of the webserver, of Flower and of the monitoring. */
interface Publishing {
  readonly webserverUrl: string;
  readonly flowerUrl: string;
  readonly monitoringUrl: string;
  /** Publishes the services, which must be declared before. */
  readonly open: (opts: pulumi.CustomResourceOptions) => void;
}

/** Checks that a key fits the certificate; the rules cannot read a key that is encrypted or in a cluster. */
function matchingKey(certificate: string, key: pulumi.Output<string>): pulumi.Output<string> {
  const [leaf] = certificatesIn(certificate);
  return key.apply((text) => {
    const fault = leaf && keyProblem(text, leaf);
    if (fault) throw new pulumi.RunError(`publish.key: ${fault}; expected the key of publish.certificate`);
    return text;
  });
}

/** Lets people reach the webserver, Flower and the monitoring from other machines; undefined if not published. */
export function publishServices(
  platform: Platform,
  { publish, monitoring, login }: Settings,
): Publishing | undefined {
  if (!publish) return;
  const certificate = readFileSync(publish.certificate, "utf8");
  return {
    webserverUrl: publishedUrl(publish, publish.webserverPort),
    flowerUrl: publishedUrl(publish, publish.flowerPort),
    monitoringUrl: publishedUrl(publish, publish.monitoringPort),
    open: (opts) =>
      platform.publish(
        "entrance",
        {
          address: publish.address,
          certificate,
          key: matchingKey(certificate, readSecret(publish.key, platform)),
          publications: [
            {
              endpoint: platform.endpoint("webserver", roleTable.webserver.port),
              port: publish.webserverPort,
              withheld: [],
            },
            // Behind a login at a provider, Flower is below the webserver, which limits guesses at passwords.
            ...(login
              ? []
              : [
                  {
                    endpoint: platform.endpoint("flower", roleTable.flower.port),
                    port: publish.flowerPort,
                    // Neither path asks for a login.
                    withheld: ["/metrics", "/healthcheck"],
                  },
                ]),
            ...(monitoring
              ? [
                  {
                    endpoint: platform.endpoint("monitoring", monitoringPort),
                    port: publish.monitoringPort,
                    withheld: [],
                  },
                ]
              : []),
          ],
        },
        opts,
      ),
  };
}
