import { after } from "node:test";
import { deploys, removes } from "../lib/deploying.ts";
import { TestStack } from "../lib/harness.ts";
import { onKubernetes } from "../targets/kubernetes.ts";

const stack = new TestStack("livetest-deploying", 18200, onKubernetes);

after(() => stack.remove());

deploys(stack, /no_such_module.*BackoffLimitExceeded/s);
removes(stack);
