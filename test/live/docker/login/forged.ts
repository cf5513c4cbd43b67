import assert from "node:assert/strict";
import type { TestStack } from "../../lib/harness.ts";
import { python } from "../../lib/services.ts";

/** Makes a remember cookie of the first user, the administrator, and asks the webserver with it; prints the status. */
const withCookie = `
import hashlib, hmac, urllib.request
from airflow.configuration import conf

class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None

key = conf.get("api", "secret_key")
cookie = "1|" + hmac.new(key.encode(), b"1", hashlib.sha512).hexdigest()
request = urllib.request.Request("http://webserver:8080/auth/login/", headers={"Cookie": "remember_token=" + cookie})
try:
    print(urllib.request.build_opener(Stay).open(request).status)
except urllib.error.HTTPError as error:
    print(error.code)
`;

/** Stores a result that runs a command in the process that reads it. */
const storeResult = `
import os, pickle, sqlalchemy
from airflow.configuration import conf

class Attack:
    def __reduce__(self):
        return os.system, ("touch /tmp/attacked",)

url = conf.get("celery", "result_backend").removeprefix("db+")
row = {"id": "attack", "result": pickle.dumps(Attack())}
with sqlalchemy.create_engine(url).begin() as database:
    database.execute(sqlalchemy.text("DELETE FROM celery_taskmeta WHERE task_id = :id"), row)
    database.execute(sqlalchemy.text("INSERT INTO celery_taskmeta (id, task_id, status, result) VALUES (-1, :id, 'SUCCESS', :result)"), row)
print("stored")
`;

/** Reads that result as the scheduler does; prints it, and whether the command ran. */
const readResult = `
import os
import airflow.settings
import airflow_on_celery.results
from airflow.configuration import conf
from celery.backends.database.models import Task
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

url = conf.get("celery", "result_backend").removeprefix("db+")
with Session(create_engine(url)) as session:
    (task,) = session.scalars(select(Task).where(Task.task_id == "attack"))
    print(task.status, task.result, os.path.exists("/tmp/attacked"))
    session.delete(task)
    session.commit()
`;

/** Asserts that a worker gets no power over the webserver and the scheduler by what it has: the key of logs, and the login for results. */
export async function workersForgeNothing(stack: TestStack): Promise<void> {
  assert.equal(await python(stack, "worker-1", withCookie), "200", "of the login page");
  assert.equal(await python(stack, "worker-1", storeResult), "stored");
  assert.equal(await python(stack, "scheduler", readResult), "SUCCESS None False");
}
