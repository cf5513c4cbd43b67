/** Python programs about the webserver that run in the images, each with what it prints. */

/** Digest of the API that a webserver describes; True if dependencies of its routes are built once; True if the execution API is built. */
export const described = (first: string) =>
  `
${first}
import airflow, hashlib, json
from fastapi import FastAPI
from fastapi.dependencies import utils
from airflow.api_fastapi.core_api.app import init_views
from airflow.api_fastapi.execution_api.app import create_task_execution_api_app
app, tasks = FastAPI(), create_task_execution_api_app()
init_views(app)
changes = hasattr(utils.get_dependant, "__wrapped__"), tasks._cadwyn_initialized
changes[1] or tasks._cadwyn_initialize()
text = json.dumps([app.openapi(), tasks.openapi()], sort_keys=True)
print(hashlib.sha256(text.encode()).hexdigest(), *changes)
`.trim();

/**
 * Requests of tasks: an answer, one for an unknown path, one to a request without a token, and one about a fault of the webserver; and a
 * request of a person. First whether each is answered in a single asyncio task, then a digest of the answers, with the errors that the
 * server sees.
 */
export const requests = (first: string) =>
  `
${first}
import asyncio, hashlib, httpx, logging, svcs
from fastapi import FastAPI
from airflow.api_fastapi.auth.middlewares.refresh_token import JWTRefreshMiddleware
from airflow.api_fastapi.execution_api.app import create_task_execution_api_app
logging.disable()
app, tasks = FastAPI(), create_task_execution_api_app()
# Without a validator of tokens, a request with a token fails.
tasks.state.svcs_registry = svcs.Registry()
app.mount("/execution", tasks)
app.add_middleware(JWTRefreshMiddleware)

@app.get("/person")
async def person():
    return "person"

async def server(scope, receive, send):
    try:
        await app(scope, receive, send)
    except Exception as error:
        raised.append(type(error).__name__)

raised = []

async def ask():
    made, singles, answers = [], [], []
    task = lambda loop, coroutine, **named: made.append(1) or asyncio.Task(coroutine, loop=loop, **named)
    asyncio.get_running_loop().set_task_factory(task)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://a") as client:
        variable = "/execution/variables/a"
        for path, token in [("/execution/health", ""), ("/execution/none", ""), (variable, ""), (variable, "Bearer a"), ("/person", "")]:
            made.clear()
            answer = await client.get(path, headers={"correlation-id": "c"} | ({"authorization": token} if token else {}))
            singles.append(not made)
            answers.append([answer.status_code, sorted(answer.headers.items()), answer.text])
    print(singles, [status for status, *_ in answers], hashlib.sha256(str([answers, raised]).encode()).hexdigest())

asyncio.run(ask())
`.trim();

/**
 * Answers to requests that a process of the webserver reads once it ends, by protocol: the first one of a connection, and a second one
 * that has arrived unread when the connection would be closed. At last the seconds after which it has ended with an idle connection.
 */
export const endings = `
import asyncio, time
from uvicorn import Config, Server
import closing

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})

async def ask(connection):
    reader, writer = connection
    writer.write(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
    return (await reader.readline()).decode().strip() and (await reader.readuntil(b"\\r\\n\\r\\n")) and 200

async def answers(http, port):
    config = Config(app, port=port, http=http, lifespan="off", log_level="critical")
    config.load()
    config.http_protocol_class = closing.closing_later(config.http_protocol_class)
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    fresh, used, idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    first = [await ask(used), await ask(idle)]
    server.should_exit = True
    began = time.monotonic()
    await asyncio.sleep(0.5)
    found = [await ask(fresh)]
    asked = asyncio.create_task(ask(used))
    await asyncio.sleep(0)
    for connection in list(server.server_state.connections):
        connection.close_when_read()
    found.append(await asked)
    await serving
    return first + found + [time.monotonic() - began < 3]

def run(http, port):
    with asyncio.Runner(loop_factory=Config(app).get_loop_factory()) as runner:
        return runner.run(answers(http, port))

print([run(http, 8000 + at) for at, http in enumerate(["h11", "httptools"])])
`.trim();
