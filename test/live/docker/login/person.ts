import { request } from "node:https";

interface Page {
  /** Address after all redirects. */
  readonly url: string;
  readonly status: number;
  /** Content security policy. */
  readonly policy: string;
  readonly text: string;
}

/** Person with a browser, who finds all hosts at one address. */
export class Person {
  private readonly address: string;
  private readonly authorities: readonly string[];
  /** Cookies by host, each by its name. */
  private readonly cookies = new Map<string, Map<string, string>>();

  /** @param authorities certificates that the browser trusts, in PEM */
  constructor(address: string, authorities: readonly string[]) {
    this.address = address;
    this.authorities = authorities;
  }

  /**
   * Opens a page, or sends a form, and follows redirects.
   * @param from page with the form; default: one of the same site
   */
  async open(url: string, form?: Readonly<Record<string, string>>, from = url): Promise<Page> {
    const { location, ...page } = await this.ask(url, form, from);
    return location === undefined ? page : this.open(new URL(location, url).href);
  }

  /** Fills in the form of a page of Airflow; returns the page after it. */
  async fill(url: string, fields: Readonly<Record<string, string>>): Promise<Page> {
    const { text } = await this.open(url);
    const token = /name="csrf_token"[^>]*value="([^"]+)"/.exec(text)?.[1];
    if (token === undefined) throw new Error(`${url} has no form: ${text.slice(0, 500)}`);
    return this.open(url, { csrf_token: token, ...fields });
  }

  /** Passes the pages of an OpenID provider, which asks for a login and then for consent. */
  async pass(url: string, login: string): Promise<Page> {
    let page = await this.open(url);
    for (let prompt = true; prompt; ) {
      const action = /action="([^"]+)"/.exec(page.text)?.[1];
      const name = /name="prompt" value="([^"]+)"/.exec(page.text)?.[1];
      prompt = action !== undefined && name !== undefined;
      if (action !== undefined && name !== undefined)
        page = await this.open(action, { prompt: name, login, password: "any" });
    }
    return page;
  }

  /** True if a host has given the person a token of Airflow. */
  isIn(url: string): boolean {
    return this.cookies.get(new URL(url).host)?.has("_token") ?? false;
  }

  private ask(
    url: string,
    form: Readonly<Record<string, string>> | undefined,
    from: string,
  ): Promise<Page & { location: string | undefined }> {
    const { host, hostname, port, pathname, search } = new URL(url);
    const jar = this.cookies.get(host) ?? new Map<string, string>();
    this.cookies.set(host, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    return new Promise((done, fail) => {
      const sent = request(
        {
          host: this.address,
          servername: hostname,
          port,
          path: pathname + search,
          method: form ? "POST" : "GET",
          ca: [...this.authorities],
          headers: {
            host,
            cookie,
            accept: "text/html,*/*",
            ...(form && {
              "content-type": "application/x-www-form-urlencoded",
              origin: new URL(from).origin,
              referer: from,
            }),
          },
        },
        (response) => {
          for (const line of response.headers["set-cookie"] ?? []) {
            const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
            if (value === "") jar.delete(name);
            else jar.set(name, value);
          }
          let text = "";
          response.on("data", (chunk: Buffer) => {
            text += chunk;
          });
          const { statusCode: status = 0, headers } = response;
          const policy = String(headers["content-security-policy"]);
          response.on("end", () => done({ url, status, policy, location: headers.location, text }));
        },
      );
      sent.on("error", fail);
      sent.end(form && new URLSearchParams(form).toString());
    });
  }
}
