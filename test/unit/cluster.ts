const base = {
  platform: "kubernetes",
  images: { airflow: "r/airflow:1", postgres: "r/postgres:1", redis: "r/redis:1" },
};

/** Smallest stack in a cluster. */
export const cluster = { ...base, dagsGit: { url: "https://git.example.com/dags.git" } };

/** Smallest stack in a cluster with an image of DAGs. */
export const clusterWithImage = { ...base, dagsImage: "r.example.com/dags" };
