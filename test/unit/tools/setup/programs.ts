import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";

/** Links programs of this machine into a folder, for a PATH with these alone: neither Pulumi nor Go. */
export function link(programs: string, folder: string): void {
  for (const program of programs.split(" ")) {
    const real =
      program === "node" ? process.execPath : execFileSync("which", [program], { encoding: "utf8" });
    symlinkSync(real.trim(), join(folder, program));
  }
}
