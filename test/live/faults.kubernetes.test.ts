import { after } from "node:test";
import { survives } from "./faults.ts";
import { TestStack } from "./harness.ts";
import { onKubernetes } from "./kubernetes.ts";

const stack = new TestStack("livetest-faults", 18210, onKubernetes);

after(() => stack.remove());

survives(stack, /no_such_module.*BackoffLimitExceeded/s);
