import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { ParsedConfig } from "../../schema/schema.ts";
import { localSettingsFile, usersLocalSettingsFile } from "./ownNames.ts";

/** Keys of the folders with Python code besides the DAGs; each is also the name of the folder in a container. */
const codeKeys = ["plugins", "config"] as const;
type CodeKey = (typeof codeKeys)[number];

/** A Python file or a data file of the user's that every role gets. */
interface CodeFile {
  readonly key: CodeKey;
  /** Path below the folder's own parent: `plugins/own.py`. */
  readonly name: string;
  /** Absolute path on this machine. */
  readonly source: string;
  /** Path in a container. */
  readonly path: string;
}

type Folders = Pick<ParsedConfig, "dags" | CodeKey>;

/** Returns the folder that a stack gives, or else the folder of that name beside the DAG folder, if there is one. */
function folderOf(key: CodeKey, folders: Folders): string | undefined {
  const { [key]: given } = folders;
  const beside = join(dirname(folders.dags), key);
  if (given !== undefined) return given;
  return existsSync(beside) && statSync(beside).isDirectory() ? beside : undefined;
}

/** True if a file is not a by-product. In `config` only modules count, since an `airflow.cfg` there has no effect. */
function isCode(key: CodeKey, file: string): boolean {
  if (/(^|\/)(__pycache__\/|\.)/.test(file)) return false;
  return key === "plugins" || file.endsWith(".py");
}

function filesOf(key: CodeKey, folder: string): CodeFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((source) => isCode(key, relative(folder, source)))
    .sort()
    .map((source) => {
      const name = `${key}/${relative(folder, source)}`;
      const path = `/opt/airflow/${name}`;
      return { key, name, source, path: path === localSettingsFile ? usersLocalSettingsFile : path };
    });
}

/** Lists the files of the user's plugins and modules. */
export function codeFiles(folders: Folders): readonly CodeFile[] {
  return codeKeys.flatMap((key) => {
    const folder = folderOf(key, folders);
    return folder === undefined ? [] : filesOf(key, folder);
  });
}

/** Path of the user's `webserver_config.py` in a container. */
export const webserverConfig = "/opt/airflow/config/webserver_config.py";
