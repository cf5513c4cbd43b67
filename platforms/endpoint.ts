import { capabilities } from "../capabilities.ts";
import type { Settings } from "../settings/model/groups.ts";
import { askEngine } from "./ask.ts";
import { machinesOf } from "./machines.ts";

/** Default endpoint of the provider and of the Docker client. */
const defaultEndpoint = "unix:///var/run/docker.sock";

/** Returns the variables that select the engine of a context, from the output of `docker context inspect`. */
function variablesOf(inspected: string): Readonly<Record<string, string>> {
  const [{ Endpoints, Storage, TLSMaterial }] = JSON.parse(inspected);
  const host: string = Endpoints?.docker?.Host || defaultEndpoint;
  if (host === defaultEndpoint) return {};
  const tls = TLSMaterial?.docker?.length > 0 && {
    DOCKER_TLS_VERIFY: "1",
    DOCKER_CERT_PATH: `${Storage.TLSPath}/docker`,
  };
  return { DOCKER_HOST: host, ...tls };
}

/**
 * Leads the provider, and every command that this process starts, to the engine that the Docker client follows: the
 * provider does not know a `docker context`. A stack with machines names its engines itself.
 * @throws Error if the client's context does not exist
 */
export async function followContext(settings: Settings): Promise<void> {
  const usesDefault = capabilities[settings.platform].engines || settings.dagsImage !== undefined;
  if (process.env.DOCKER_HOST || !usesDefault || machinesOf(settings).length > 0) return;
  const { text, complaint } = await askEngine(undefined, ["context", "inspect"]);
  if (complaint === undefined) Object.assign(process.env, variablesOf(text));
  else if (/context/i.test(complaint) && !complaint.startsWith("spawn")) {
    throw new Error(
      `The Docker client's context cannot be read: ${complaint}\nChoose one that exists: docker context use NAME`,
    );
  }
}
