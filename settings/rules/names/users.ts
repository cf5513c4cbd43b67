import { addressOf } from "../../model/names/users.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Rejects users that are the same to Airflow, which compares logins and mail addresses without case. */
export const userRule = rule(["adminUser", "users.*.email"], ({ users, adminUser }) => {
  const admin = `adminUser, ${adminUser},`;
  const logins = new Map([[adminUser.toLowerCase(), admin]]);
  const addresses = new Map([[addressOf(adminUser).toLowerCase(), admin]]);
  return Object.entries(users).flatMap(([login, { email = addressOf(login) }]): Fault[] => {
    const [sameLogin, sameAddress] = [logins.get(login.toLowerCase()), addresses.get(email.toLowerCase())];
    logins.set(login.toLowerCase(), `users.${login}`);
    addresses.set(email.toLowerCase(), `users.${login}`);
    const loginProblem =
      login === adminUser
        ? "adminUser has this login: expected another one; its password is secrets.adminPassword"
        : sameLogin && `${sameLogin} has this login too, since Airflow ignores case: expected another one`;
    if (loginProblem !== undefined) return faultAt(["users", login], loginProblem);
    const message = `${sameAddress} has this address too, and Airflow identifies people by it: expected another one`;
    return faultAt(["users", login, "email"], sameAddress && message, email);
  });
});
