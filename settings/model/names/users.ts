/** Returns the mail address of a user who has no other: Airflow knows people by it. */
export function addressOf(login: string): string {
  return login.includes("@") ? login : `${login}@localhost`;
}
