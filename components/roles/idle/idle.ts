import { modules } from "../modules.ts";

/** File of a scheduler that wakes it from its idle sleep, and lets it pause while workers have enough. */
export const idleFile = modules(import.meta.url, "idle.py");
