"""Carries one connection between its standard streams and a port beside it: python -c "$(cat tunnel.py)" PORT"""

import contextlib
import os
import socket
import sys
import threading


def send():
    # Keeps reading when the other side is gone: its last bytes may still be on the way.
    with contextlib.suppress(OSError):
        while data := os.read(0, 65536):
            connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)


try:
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
except OSError as error:
    sys.exit(f"port {sys.argv[1]}: {error}")
threading.Thread(target=send, daemon=True).start()
with contextlib.suppress(OSError):
    while data := connection.recv(65536):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
