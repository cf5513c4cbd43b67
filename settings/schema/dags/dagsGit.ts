import { file } from "../paths.ts";
import { secret } from "../secret.ts";
import { matching, name, object, portPattern, url, urlHostPattern, word } from "../values.ts";

/** Name of a branch or tag, by the rules of `git check-ref-format`; the hash of a commit is such a name too. */
const gitRef = word(
  /^(?!-|@$|.*(\.\.|@\{|\/\/|\/\.|\.lock(\/|$)))[^\s~^:?*[\\\p{Cc}./][^\s~^:?*[\\\p{Cc}]{0,199}(?<![./])$/u,
  "expected the name of a branch or tag, 200 characters at most: main, release/2.1, v1.0+build",
);

/** Error for another URL of a repository. */
export const repositoryForm =
  "expected the http or https URL of a Git repository, without a login and parameters, or ssh://git@git.example.com/team/dags.git";

const repository = {
  url: url(
    new RegExp(`^(https?://${urlHostPattern}|ssh://\\w[\\w.-]*@\\w[\\w.-]*)(:${portPattern})?/[^\\s@]+$`),
    repositoryForm,
  ).describe(
    "URL to clone from: `https://git.example.com/team/dags.git`, `ssh://git@git.example.com/team/dags.git`.",
  ),
  ref: gitRef.default("main").describe("Branch, tag or commit."),
  folder: matching(
    /^(?!.*(^|\/)\.\.(\/|$))(?!\.git(\/|$))[^/\s]\S*$/,
    "expected a folder of the repository, without .. and white space: airflow/dags",
  )
    .optional()
    .describe("Folder of the repository with the DAGs; default: the whole repository."),
  user: matching(/^[^\s:@]+$/, "expected a name without : and @")
    .optional()
    .describe("User of `password`; default: `git`, which servers accept with a token."),
  password: secret
    .optional()
    .describe("Token or password that may read the repository over https, as a secret."),
  key: secret.optional().describe("Private key that may read the repository over ssh, without a passphrase."),
  knownHosts: file
    .optional()
    .describe("With `key`: a file with the server's host keys, as `ssh-keyscan` writes it."),
};

/** A Git repository of DAGs, with its login or key. */
export const dagsGit = object(repository);

/** A further repository, which Airflow reads as a bundle of its own. */
export const dagBundle = object({
  name: name.describe("Name of the bundle, which Airflow shows beside its DAGs."),
  ...repository,
});
