/** Masks parts of printed texts that may be secret. */

/** Tokens with the prefixes of the services that issue them. */
export const issued =
  /\b(gh[oprsu]_|github_pat_|glpat-|xox[a-z]-|sk-|sk_(live|test)_|pypi-|npm_|hf_|AKIA|ASIA|AIza|dapi|hv[sb]\.|SG\.|eyJ)[\w.-]{8,}/;

/** URLs that are secret as a whole. */
export const webhooks =
  /\b(hooks\.slack\.com\/(services|workflows)|discord(app)?\.com\/api\/webhooks|[\w.-]*webhook\.office\.com|[\w.-]+\.logic\.azure\.com)(?!\w)/i;

/** Forms of tokens, of private keys, and of values beside words for a secret. */
const tokens = [
  new RegExp(issued, "g"),
  new RegExp(`(?<=${webhooks.source}/)[^\\s"'<>]+`, "gi"),
  /(?<=-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?=-----END|$)/gs,
  /((?<=\b(Bearer|Basic) +)|(?<=\b\w*(password|passwd|passphrase|secret|token|api_?key|_pat|pwd)\w*["']?[ \t]*[=:][ \t]*["']?))[^\s"',;[{]{4,}/gi,
];

/** Form of a host, with a domain or a port, before a path if there is one. */
const host = /^([\w-]+(\.[\w-]+)+|[\w.-]+(?=:))(:\d{1,5})?(\/|$)/;

function withoutLogin(scheme: string, login: string, rest: string): string {
  // An `@` behind a query or a fragment may belong to them, and what follows it too; a password may have a slash.
  if (/[?#]/.test(login) || (login.includes("/") && !host.test(rest))) return `${scheme}://…`;
  // The user of an ssh URL is not secret, and people need it.
  const user = scheme === "ssh" && /^[\w.-]+$/.test(login) ? login : "…";
  return `${scheme}://${user}@${rest}`;
}

/** Masks the logins of URLs, and of hosts without a scheme, in a word. */
function withoutLogins(word: string): string {
  const urls = word.includes("://")
    ? word.replace(
        /\b([a-z][a-z0-9+.-]*):\/\/([^\s"'`<>]*)@([^\s"'`<>]*)/gi,
        (_, scheme: string, login: string, rest: string) => withoutLogin(scheme, login, rest),
      )
    : word;
  return urls.replace(
    /(^|[^\w:/.…-])[^\s/:@"'=]+:(?!\/\/)[^\s"'@]*(@[^\s"'@]*)*@(?!sha256:)(?=[\w[])/g,
    "$1…@",
  );
}

/** Masks tokens, and the logins and queries of URLs, in a text from outside: a value, or a command's output. */
export function masked(text: string): string {
  const urls = text
    // A search for logins takes the square of a text's length, so only words that may have one are searched.
    .replace(/[^\s"']+/g, (word) => (word.includes("@") ? withoutLogins(word) : word))
    .replace(/(:\/\/[^\s"'?#]*\?)[^\s"']+/g, "$1…");
  return tokens.reduce((rest, form) => rest.replace(form, "…"), urls);
}

/** Form of a word as people write it: letters in one style of capitals, digits, or a name followed by a number. */
const word =
  /^(\d{1,15}|[a-z]{1,24}|[A-Z]{1,24}|[A-Z]?[a-z]{2,24}([A-Z][a-z]{2,24}){0,4}|[A-Za-z]{1,12}\d{1,3}|\d{1,6}[A-Za-z]{1,3})$/;

/** Beginnings of paths as shells and Windows write them: `~`, `$HOME`, `%TEMP%`, `C:\\`. */
const root =
  /^(~[a-z]{0,24}|\$[A-Z_]{1,24}|\$\{[A-Z_]{1,24}\}|%[A-Z_]{1,24}%|[A-Z]:(?=\\)|\.{0,2}(?=\\))(?=[\\/]|$)/;

/** Writes such a path as other paths. */
function unrooted(text: string): string {
  return root.test(text) ? text.replace(root, "").replaceAll("\\", "/") : text;
}

/** True if a text consists of such words, unlike a random password or token; an image's digest is not secret. */
export function isOrdinary(text: string): boolean {
  const words = unrooted(text.replace(/@sha256:[0-9a-f]{64}$/, ""));
  return (
    words.length <= 200 &&
    words.split(/[\s/:,.@=_+()[\]{}<>|&;*"'…?-]+/).every((part) => part === "" || word.test(part))
  );
}

/** Form of a login before a host without a scheme, whose password may have an `@`. */
const bareLogin = /^[^\s/:@"']+:(?!\/\/)\S*@/;

/** Form of a number in any notation. */
const number = /^[-+]?(0[box][\da-f]{1,16}|[\d_.]{1,20}(e[-+]?\d{1,3})?)$/i;

/** True for a number, in a place where no secret is a number. */
export function isNumber(text: string): boolean {
  return number.test(text);
}

/** Returns a given text in a form that may be printed: without logins, or `…` if it may be a password or a token. */
export function shownText(text: string): string {
  if (bareLogin.test(text)) return "…";
  const shown = masked(text);
  return isOrdinary(shown) ? shown : "…";
}
