import { after } from "node:test";
import { survives } from "./faults.ts";
import { TestStack } from "./harness.ts";

const stack = new TestStack("livetest-faults", 18090);

after(() => stack.remove());

survives(stack, /migration failed with exit code 1.*docker logs airflow-livetest-faults-migration/s);
