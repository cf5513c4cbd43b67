import { createServer, type Server } from "node:https";
import Provider from "oidc-provider";

/** Client that Airflow is to the provider. */
export interface Client {
  readonly id: string;
  readonly secret: string;
  readonly redirect: string;
}

/** Provider of OpenID Connect, which believes everybody's name. */
export class OpenIdProvider {
  /** Groups of each person; a person who is not here is unknown. */
  readonly groups = new Map<string, readonly string[]>();
  private server: Server | undefined;

  /** Listens at the address of an issuer's URL. */
  start(issuer: string, address: string, client: Client, pair: { cert: string; key: string }): Promise<void> {
    const provider = new Provider(issuer, {
      clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [client.redirect] }],
      claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
      cookies: { keys: [client.secret] },
      features: { devInteractions: { enabled: true } },
      findAccount: (_context, name) => ({
        accountId: name,
        claims: () => ({
          sub: name,
          preferred_username: name,
          email: `${name}@example.com`,
          groups: [...(this.groups.get(name) ?? [])],
        }),
      }),
    });
    this.server = createServer(pair, provider.callback());
    const { port } = new URL(issuer);
    return new Promise((done) => this.server?.listen(Number(port), address, done));
  }

  stop(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }
}
