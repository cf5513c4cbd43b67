import type { BadRow } from "../rows.ts";

/** Numbers and booleans that other versions of YAML read differently. */
export const otherReaders: readonly BadRow[] = [
  {
    name: "numbers that two versions of YAML read differently",
    config: `config:
  airflow:workers: 010
  airflow:schedulers: 0x2
  airflow:postgres: { memory: 02000 }
`,
    says: [
      "2: workers is 010; expected a whole number from 0 to 1000",
      "3: schedulers is 0x2; expected a whole number from 1 to 10",
      "4: postgres.memory is 02000; expected a whole number from 64 to 1048576",
    ],
    expressible: false,
  },
  {
    name: "numbers that only some versions of YAML know",
    config: `config:
  airflow:workerMemory: 2_048
  airflow:webserverPort: 0b101
`,
    says: [
      "2: workerMemory is 2_048; expected a whole number from 64 to 1048576",
      "3: webserverPort is 0b101; expected a whole number from 1 to 65535",
    ],
    expressible: true,
  },
  {
    name: "booleans that two versions of YAML read differently",
    config: `config:
  airflow:production: yes
  airflow:deleteUndeclared: Off
`,
    says: [
      "2: production is yes; expected true or false",
      "3: deleteUndeclared is Off; expected true or false",
    ],
    expressible: true,
  },
];
