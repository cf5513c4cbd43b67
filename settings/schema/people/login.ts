import { z } from "zod";
import { secret } from "../secret.ts";
import {
  list,
  matching,
  object,
  oneOf,
  plainUrl,
  portPattern,
  text,
  url,
  urlHostPattern,
} from "../values.ts";

/** Roles that groups of a provider may have. */
const role = oneOf("Admin", "Op", "User", "Viewer");

const oidc = object({
  issuer: url(
    plainUrl,
    "expected the URL of a provider, without a login: https://login.example.com/realms/team",
  )
    .refine((text) => !/\/\.well-known\//.test(text), {
      error: "/.well-known/openid-configuration is added to it: expected the URL without this end",
    })
    .refine(
      (text) => !/^https:\/\/login\.microsoftonline\.com\/(common|organizations|consumers)\b/.test(text),
      {
        error:
          "it stands for many issuers: expected that of your tenant, https://login.microsoftonline.com/TENANT/v2.0",
      },
    )
    .describe("URL of the provider, without `/.well-known/openid-configuration`."),
  clientId: text.describe("Client that the provider knows Airflow by."),
  clientSecret: secret.describe("Secret of the client."),
  scopes: list(matching(/^[\x21\x23-\x5b\x5d-\x7e]+$/, "expected the name of a scope"), "scopes")
    .refine((scopes) => scopes.includes("openid"), { error: "expected openid among them" })
    .default(["openid", "email", "profile"])
    .describe("What Airflow asks for; some providers tell groups only with a scope of its own."),
  user: text.default("preferred_username").describe("Claim with a person's name in Airflow."),
  groups: text.default("groups").describe("Claim with a person's groups."),
});

const distinguishedName = matching(/^\S+=./s, "expected a distinguished name: ou=people,dc=example,dc=com");
const attribute = matching(/^[A-Za-z][A-Za-z0-9-]*$/, "expected the name of an attribute: uid");

const ldap = object({
  url: url(
    new RegExp(`^ldaps?://${urlHostPattern}(:${portPattern})?/?$`),
    "expected the URL of a directory: ldaps://ldap.example.com, or ldap:// for StartTLS",
  ).describe("URL of the directory; `ldap://` means StartTLS, as nothing is sent in the clear."),
  bind: matching(/^\S.*[=@]/s, "expected a distinguished name: cn=airflow,dc=example,dc=com").describe(
    "Distinguished name that may search: `cn=airflow,dc=example,dc=com`; for Active Directory also `airflow@example.com`.",
  ),
  password: secret.describe("Password of `bind`."),
  search: distinguishedName.describe("Where people are: `ou=people,dc=example,dc=com`."),
  filter: matching(/^\(.+\)$/s, "expected a filter in parentheses: (objectClass=person)")
    .refine((text) => text.split("(").length === text.split(")").length, {
      error: "expected as many opening parentheses as closing ones",
    })
    .optional()
    .describe("Which of them may log in, such as `(objectClass=person)`; default: all with a role."),
  user: attribute
    .default("uid")
    .describe("Attribute with a person's name in Airflow; `sAMAccountName` in AD."),
  groups: attribute
    .default("memberOf")
    .describe("Attribute with the distinguished names of a person's groups."),
});

/** Provider at which people log in. */
export const login = object({
  oidc: oidc.optional().describe("A provider of OpenID Connect."),
  ldap: ldap.optional().describe("A directory, or Active Directory."),
  roles: z
    .record(text, role, { error: "expected groups, each with its role: { data-team: User }" })
    .refine((roles) => Object.keys(roles).length > 0, { error: "expected at least one group with its role" })
    .describe(
      "Role of each group that may log in: `{ airflow-admins: Admin, data-team: User }`; a person in several groups has the roles of all.",
    ),
});
