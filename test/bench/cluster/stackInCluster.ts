import { onKubernetes } from "../../live/targets/kubernetes.ts";
import { StackDeployment } from "../stackDeployment.ts";
import { podsOf, readyPod } from "./pods.ts";
import { type Requests, replacing } from "./replacing.ts";

/** A stack in the lab's cluster. */
export class StackInCluster extends StackDeployment {
  constructor(port: number, dags: string) {
    super(onKubernetes, port, dags, podsOf);
  }

  async replaceWebserver(): Promise<Requests> {
    const { prefix } = this.stack;
    return replacing(prefix, "webserver", await readyPod(prefix, "app.kubernetes.io/name=worker"));
  }
}
