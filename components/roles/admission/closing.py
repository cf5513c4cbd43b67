"""Lets a webserver process that ends answer requests that are on their way.

Uvicorn closes all connections without a request when it ends, also those whose first request it has not read yet: their clients get
no answer, though other processes of the webserver go on.
"""

import select

# Seconds that a connection stays open: most clients send a request as soon as they have a connection.
PAUSE = 1
# Seconds until a connection is looked at again whose request has arrived, but was not read yet.
AGAIN = 0.05


def has_unread(transport):
    arrivals = select.poll()
    arrivals.register(transport.get_extra_info("socket"), select.POLLIN)
    return bool(arrivals.poll(0))


def closing_later(protocol):
    """Returns a class of uvicorn's connections like `protocol` that closes a connection once no request is on its way."""

    class ClosingLater(protocol):
        def shutdown(self):
            self.loop.call_later(PAUSE, self.close_when_read)

        def close_when_read(self):
            if self.transport.is_closing():
                return
            if has_unread(self.transport):
                self.loop.call_later(AGAIN, self.close_when_read)
            else:
                # Lets a request that is being answered finish.
                super().shutdown()

    return ClosingLater
