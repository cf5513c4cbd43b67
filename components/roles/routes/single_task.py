"""Takes a request of a task through the webserver's middlewares in one asyncio task, not in five.

Starlette runs what is below a middleware in an asyncio task of its own, and passes the answer on by a stream, as an answer may be
endless. An answer to a task is short: it is kept until it is complete, for half of the CPU time that a request takes besides its
endpoint. A Starlette that is built differently is left unchanged.
"""

import functools

# Middlewares of the API for tasks, and the one that requests of people pass as well.
FOR_TASKS = ("airflow.api_fastapi.execution_api.", "cadwyn.")
FOR_ALL = "airflow.api_fastapi.auth.middlewares."


def is_of_task(middleware, scope, path_of):
    if scope["type"] != "http":
        return False
    module = type(middleware).__module__
    return module.startswith(FOR_TASKS) or (module.startswith(FOR_ALL) and path_of(scope).startswith("/execution/"))


def in_single_task(call, request_class, response_class, path_of):
    @functools.wraps(call)
    async def calling(self, scope, receive, send):
        if not is_of_task(self, scope, path_of):
            await call(self, scope, receive, send)
            return
        # Keeps the body of the request, which a middleware may read.
        request = request_class(scope, receive, send)
        failure = None

        async def call_next(_):
            nonlocal failure
            messages = []

            async def keep(message):
                messages.append(message)

            try:
                await self.app(scope, request.wrapped_receive, keep)
            except Exception as error:
                if not messages:
                    raise
                failure = error
            start, *parts = messages
            response = response_class(b"".join(part.get("body", b"") for part in parts), start["status"])
            response.raw_headers = list(start.get("headers", []))
            return response

        response = await self.dispatch_func(request, call_next)
        await response(scope, request.wrapped_receive, send)
        if failure:
            # The outer application logs the error, which has been answered.
            raise failure

    return calling


def install():
    try:
        from starlette._utils import get_route_path
        from starlette.middleware.base import BaseHTTPMiddleware, Response, _CachedRequest
    except ImportError:
        return
    call = in_single_task(BaseHTTPMiddleware.__call__, _CachedRequest, Response, get_route_path)
    BaseHTTPMiddleware.__call__ = call


install()
