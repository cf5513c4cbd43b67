import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { Config, TestStack } from "../../lib/harness.ts";
import { docker } from "../../targets/docker.ts";
import type { Around } from "../around.ts";
import { type Outside, words } from "../outside.ts";
import { administrator, people, startDirectory } from "./directory.ts";
import { Person } from "./person.ts";
import { OpenIdProvider } from "./provider.ts";

const group = (name: string) => `cn=${name},ou=groups,dc=test`;

/** A provider of OpenID Connect and a directory, at which people of a stack log in. */
export class Logins {
  private readonly stack: TestStack;
  private readonly outside: Outside;
  private readonly around: Around;
  private readonly provider = new OpenIdProvider();
  private readonly directory: string;
  private readonly ports: { readonly oidc: number; readonly ldap: number };

  /** @param port the first of two free ports */
  constructor(stack: TestStack, outside: Outside, around: Around, port: number) {
    [this.stack, this.outside, this.around] = [stack, outside, around];
    this.directory = `${outside.prefix}-ldap`;
    this.ports = { oidc: port, ldap: port + 1 };
  }

  /** Address of this machine that a certificate names, and that the stack's proxy does not get. */
  private url(scheme: "https" | "ldap", port: number): string {
    return `${scheme}://${Object.keys(this.outside.hosts)[0]}:${port}`;
  }

  /** Configuration of a stack at the provider. */
  get oidc(): Config {
    const clientSecret = { file: this.outside.file("client", words.login) };
    const issuer = this.url("https", this.ports.oidc);
    return {
      oidc: { issuer, clientId: "airflow", clientSecret },
      roles: { staff: "Viewer", leads: "Admin" },
    };
  }

  /** Configuration of a stack at the directory. */
  get ldap(): Config {
    const password = { file: this.outside.file("administrator", words.login) };
    const url = this.url("ldap", this.ports.ldap);
    return {
      ldap: { url, bind: administrator, password, search: people },
      roles: { "CN=Leads, OU=groups,DC=test": "Op" },
    };
  }

  async start(): Promise<void> {
    const redirect = `${this.around.webserverUrl}/auth/oauth-authorized/sso`;
    const client = { id: "airflow", secret: words.login, redirect };
    const pair = { cert: this.outside.text("server.pem"), key: this.outside.text("server.key") };
    const { address } = this.outside;
    await Promise.all([
      this.provider.start(this.url("https", this.ports.oidc), address, client, pair),
      startDirectory(
        this.directory,
        this.outside.folder,
        `ldap://${address}:${this.ports.ldap}`,
        words.login,
        {
          eve: { password: "eve's word", groups: [group("leads")] },
          bob: { password: "bob's word", groups: [group("others")] },
          admin: { password: "another word", groups: [group("leads")] },
        },
      ),
    ]);
  }

  close(): void {
    this.provider.stop();
  }

  /** Lets a person who has no cookies act; returns true if Airflow lets them in. */
  private async letsIn(act: (person: Person, url: string) => Promise<unknown>): Promise<boolean> {
    const { webserverUrl } = this.around;
    const person = new Person(this.outside.address, [this.around.authority, this.outside.text("ca.pem")]);
    await act(person, webserverUrl);
    return person.isIn(webserverUrl);
  }

  private atProvider(name: string): Promise<boolean> {
    return this.letsIn((person, url) => person.pass(`${url}/auth/login/sso`, name));
  }

  private byPassword(page: string, name: string, password: string): Promise<boolean> {
    return this.letsIn((person, url) => person.fill(`${url}/auth/${page}`, { username: name, password }));
  }

  /** Roles that a user has in Airflow, and `password` for one with a password. */
  private async rights(name: string): Promise<string> {
    const roles = "SELECT name FROM ab_role JOIN ab_user_role ON role_id = ab_role.id WHERE user_id = u.id";
    const sql = `SELECT array(${roles} AND name <> 'Public' ORDER BY name) || CASE WHEN password IS NULL THEN '{}' ELSE '{password}'::text[] END FROM ab_user u WHERE username = '${name}'`;
    return this.outside.sql(sql, "team-metadata");
  }

  /** Tests of a stack that is deployed with {@link oidc}; afterwards the provider is away. */
  testProvider(): void {
    test("people log in at a provider of OpenID Connect, and each login renews their roles", async () => {
      this.provider.groups.set("ada", ["staff"]);
      assert.equal(await this.atProvider("ada"), true);
      assert.equal(await this.rights("ada"), "{Viewer}");
      this.provider.groups.set("ada", ["staff", "leads"]);
      assert.equal(await this.atProvider("ada"), true);
      assert.equal(await this.rights("ada"), "{Admin,Viewer}");
      this.provider.groups.set("ada", ["others"]);
      assert.equal(await this.atProvider("ada"), false);
      assert.equal(await this.rights("ada"), "{}");
    });

    test("a provider's user can give themselves no password, which would be valid without the provider", async () => {
      this.provider.groups.set("ada", ["staff"]);
      const fields = { password: "own word", conf_password: "own word" };
      await this.letsIn(async (person, url) => {
        await person.pass(`${url}/auth/login/sso`, "ada");
        const { text } = await person.fill(`${url}/auth/resetmypassword/form`, fields);
        assert.match(text, /has no password here/);
      });
      assert.equal(await this.rights("ada"), "{Viewer}");
    });

    test("Flower is below the webserver, for administrators who log in at the provider, and for nobody else", async () => {
      const enter = `auth/login/sso?next=${encodeURIComponent("/flower/workers")}`;
      const path = "flower/tasks/datatable";
      const table = { draw: "1", start: "0", length: "9", "order[0][column]": "0" };
      this.provider.groups.set("lea", ["leads"]);
      await this.letsIn(async (lea, url) => {
        const page = await lea.pass(`${url}/${enter}`, "lea");
        assert.match(page.text, /celery@worker-1/);
        // Browsers run the page's own script, which the policy names by its hash.
        const script = /<script type="text\/javascript">([^<]+)</.exec(page.text)?.[1] ?? "";
        const hash = createHash("sha256").update(script).digest("base64");
        assert.ok(page.policy.includes(`'sha256-${hash}'`), `${page.policy} ${JSON.stringify(script)}`);
        for (const at of page.text.matchAll(/(?:src|href)="(\/[^"]*)"/g))
          assert.equal((await lea.open(url + at[1])).status, 200, at[1]);
        const { recordsTotal } = JSON.parse((await lea.open(`${url}/${path}`, table)).text);
        assert.ok(recordsTotal > 0, recordsTotal);
        assert.equal((await lea.open(`${url}/${path}`, table, "https://other.test")).status, 403);
        assert.match((await lea.open(`${url}/api/v2/plugins`)).text, /"href":"\/flower\/"/);
      });
      this.provider.groups.set("vic", ["staff"]);
      await this.letsIn(async (vic, url) => {
        const { status, text } = await vic.pass(`${url}/${enter}`, "vic");
        assert.equal(status, 403);
        assert.match(text, /the role Admin, which vic does not have/);
        assert.equal((await vic.open(`${url}/${path}`, table)).status, 403);
      });
      await this.letsIn(async (nobody, url) => {
        for (const page of ["workers", "metrics", "healthcheck"]) {
          const led = await nobody.open(`${url}/flower/${page}`);
          assert.equal(led.url, `${url}/auth/login/?next=%2Fflower%2F${page}`);
        }
        assert.equal((await nobody.open(`${url}/${path}`, table)).status, 401);
      });
    });

    test("a name at the provider does not take over a user of the stack", async () => {
      const { adminUser } = this.stack.outputs;
      this.provider.groups.set(adminUser, ["staff"]);
      assert.equal(await this.atProvider(adminUser), false);
      assert.equal(await this.rights(adminUser), "{Admin,password}");
    });

    test("while the provider is away, the stack's users log in by password, and only they", async () => {
      this.close();
      const { adminUser, adminPassword } = this.stack.outputs;
      assert.equal(await this.byPassword("password/login/", adminUser, "a guess"), false);
      assert.equal(await this.byPassword("password/login/", "ada", "any"), false);
      await this.letsIn(async (admin, url) => {
        const fields = { username: adminUser, password: adminPassword };
        await admin.fill(`${url}/auth/password/login/`, fields);
        assert.match((await admin.open(`${url}/flower/workers`)).text, /celery@worker-1/);
      });
      await assert.rejects(this.atProvider("ada"), /ECONNREFUSED/);
    });
  }

  /** Tests of a stack that is deployed with {@link ldap}. Airflow takes five passwords in 40 s from one address. */
  testDirectory(): void {
    test("people log in at a directory with their roles, and the stack's users without it", async () => {
      const { adminUser, adminPassword } = this.stack.outputs;
      assert.equal(await this.byPassword("login/", "eve", "eve's word"), true);
      assert.equal(await this.rights("eve"), "{Op}");
      assert.equal(await this.byPassword("login/", "bob", "bob's word"), false);
      assert.equal(await this.byPassword("login/", adminUser, "another word"), false);
      await docker("pause", this.directory);
      // Ends after the webserver's patience; without it, only when the directory answers again.
      const begin = Date.now();
      assert.equal(await this.byPassword("login/", "eve", "eve's word"), false);
      assert.ok(Date.now() - begin < 60_000, `${Date.now() - begin} ms`);
      assert.equal(await this.byPassword("login/", adminUser, adminPassword), true);
      await docker("unpause", this.directory);
      assert.equal(await this.rights(adminUser), "{Admin,password}");
    });
  }
}
