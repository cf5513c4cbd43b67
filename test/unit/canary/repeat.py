"""Test of components/canary/repeat.py: a fault ends the program, which is then started again."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

with tempfile.TemporaryDirectory() as folder:
    program = pathlib.Path(shutil.copy("components/canary/repeat.py", folder))
    program.write_text(program.read_text().replace("/dev/shm", folder))
    (program.parent / "request.json").write_text("{}")
    # Stands for a proof that is killed in the middle of a line.
    (program.parent / "proof.py").write_text("""print('{"event"')""")
    ended = subprocess.run([sys.executable, program, "600", "1", "3", "http://localhost", "admin"], timeout=60, capture_output=True, text=True)
    assert ended.returncode == 1 and "JSONDecodeError" in ended.stderr, ended
