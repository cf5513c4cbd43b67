import type { TestStack } from "./harness.ts";

/** Queries the stack's Postgres as a role whose password is in `secret`; returns unaligned output. */
export function query(
  stack: TestStack,
  role: string,
  secret: string,
  database: string,
  sql: string,
): Promise<string> {
  const psql = 'PGPASSWORD=$(cat "/run/secrets/$2") psql -h 127.0.0.1 -U "$1" -d "$3" -Atc "$4"';
  return stack.exec("postgres", "sh", "-c", psql, "psql", role, secret, database, sql);
}

/** Runs a program of Python in an instance; returns the last line that it prints. */
export async function python(stack: TestStack, instance: string, program: string): Promise<string> {
  return (await stack.exec(instance, "python", "-c", program)).trim().split("\n").at(-1) ?? "";
}

/** Tries a password with the stack's Redis: True or refused. */
export function brokerTakes(stack: TestStack, password = ""): Promise<string> {
  const login = `host="redis", username="airflow", password=${JSON.stringify(password)}`;
  const program = `import redis\ntry: print(redis.Redis(${login}).ping())\nexcept redis.AuthenticationError: print("refused")`;
  return python(stack, "flower", program);
}

/** Renders arguments of psycopg2 for a login to a database, by default that of the user's owner. */
export function loginOf(
  user: string,
  password = "",
  database = user.replace(/_\d+$/, ""),
  [host, port]: readonly [host: string, port: number] = ["postgres", 5432],
): string {
  return `host="${host}", port=${port}, user="${user}", dbname="${database}", password=${JSON.stringify(password)}`;
}

/** Tries a login at the stack's Postgres, or at another address: True or refused. */
export function databaseTakes(stack: TestStack, ...login: Parameters<typeof loginOf>): Promise<string> {
  const program = `import psycopg2\ntry: print(bool(psycopg2.connect(${loginOf(...login)})))\nexcept psycopg2.OperationalError: print("refused")`;
  return python(stack, "dag-processor", program);
}
