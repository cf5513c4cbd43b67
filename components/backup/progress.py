"""Reports work that may take long: what is done, and every ten seconds for how long."""

import contextlib
import threading
import time

# Seconds between two lines.
EVERY = 10


@contextlib.contextmanager
def reported(text):
    """Prints what the body does, and repeats that with the seconds since its begin until its end."""
    begun = time.monotonic()
    ended = threading.Event()

    def repeat():
        while not ended.wait(EVERY):
            print(f"{text} ({time.monotonic() - begun:.0f} s)", flush=True)

    print(text, flush=True)
    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
