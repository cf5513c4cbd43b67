/** Returns the mail address of a user without one: Airflow requires an address, and identifies users by it. */
export function addressOf(login: string): string {
  return login.includes("@") ? login : `${login}@localhost`;
}
