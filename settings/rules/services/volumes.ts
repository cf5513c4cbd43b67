import { volumeBytes } from "../../model/sizes.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

const mebibyte = 2 ** 20;

/** Least size of a volume, in MiB, with the reason. */
interface Least {
  readonly size: number;
  readonly why: string;
}

/** Least size of any volume. A file system takes some MiB itself. */
const some: Least = { size: 64, why: "a volume would be full at once" };

const least = {
  // Measured with Postgres 15; `min_wal_size` is the part of the log.
  postgres: {
    size: 160,
    why: "Postgres takes 60 MiB with Airflow's empty tables, and keeps 80 MiB of its log",
  },
  redis: some,
  logs: some,
  data: some,
  volumes: some,
} satisfies Readonly<Record<string, Least>>;

/** Rejects volumes with which nothing works, if the storage class keeps to their sizes. */
export const volumeRules = (Object.keys(least) as (keyof typeof least)[]).map((key) =>
  rule([`kubernetes.storage.${key}`], ({ kubernetes }, isGiven) => {
    const given = kubernetes?.storage[key];
    const isUnused = (key === "postgres" || key === "redis") && isGiven(`${key}.url`);
    const { size, why } = least[key];
    if (given === undefined || isUnused || volumeBytes(given) >= size * mebibyte) return [];
    return faultAt(["kubernetes", "storage", key], `${why}: expected at least ${size}Mi`);
  }),
);
