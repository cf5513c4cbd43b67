import { modules } from "../modules.ts";

/** File of a scheduler that wakes it from its idle sleep. */
export const idleFile = modules(import.meta.url, "idle.py");
