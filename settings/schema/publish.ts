import { z } from "zod";
import { file } from "./paths.ts";
import { secret } from "./secret.ts";
import { hostName, object, port } from "./values.ts";

const reason =
  "needed, since logins would otherwise cross the network unencrypted; without publish, the webserver and Flower are reachable at 127.0.0.1 only";

/** Address at which people reach the webserver and Flower from other machines. */
export const publish = object({
  address: z
    .ipv4({ error: "expected an IPv4 address of the machine, or 0.0.0.0 for all of them" })
    .describe("IPv4 address of the machine that runs the webserver, or 0.0.0.0 for all its addresses."),
  certificate: z
    .string({ error: `expected the path of a certificate in PEM, which is ${reason}` })
    .pipe(file)
    .describe("File with the certificate and the intermediate ones up to its authority, in PEM."),
  key: secret.describe("Private key of the certificate, in PEM."),
  host: hostName
    .optional()
    .describe("Host name that people use; default: the first name of the certificate."),
  webserverPort: port.default(443).describe("Port of the webserver at `address`."),
  flowerPort: port
    .default(5443)
    .describe("Port of Flower at `address`; with `login` it is below the webserver."),
  monitoringPort: port.default(9443).describe("Port of the monitoring at `address`."),
});

export type PublishSettings = z.output<typeof publish>;
