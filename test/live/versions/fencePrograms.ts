/** The process and the heartbeat that a worker's fence knows after a task has filled the memory that all tasks share. */
export const fullMemory = `
import os
from types import SimpleNamespace
sys.modules["airflow_on_celery.timings"] = SimpleNamespace(DEAD=30, FENCE=20)
from airflow_on_celery import fence, supervisor
supervisor.REPORTS.mkdir()
with open("/dev/shm/filler", "wb", buffering=0) as filler:
    try:
        while True:
            filler.write(bytes(2**20))
    except OSError:
        pass
supervisor.report(os.getpid(), 7.5)
supervisor.report(os.getpid(), 8.5)
process, parent, beat = fence.process_of(supervisor.REPORTS / str(os.getpid()))
print(process.pid == parent == os.getpid(), beat)
`.trim();

/**
 * Tasks that a worker's fence ends while the lease is fresh: none after a long silence of the webserver, and none after a step of the
 * clock; those from before a pause of the worker, that of a dead supervisor, and that of a supervisor with a fault. Tasks had removed
 * the fence's notes before, and left files of their own in its folder. A suspension of the machine is a silence if schedulers are
 * elsewhere, even if the lease is renewed before the fence looks.
 */
export const fenced = `
import os, shutil, signal, time
from types import SimpleNamespace
import psutil
sys.modules["airflow_on_celery.timings"] = SimpleNamespace(DEAD=30, FENCE=20, RENEWAL=2)
from airflow_on_celery import clock, fence, supervisor
from airflow_on_celery.lease import Lease
lease = SimpleNamespace(age=lambda: 0, resumed=float("-inf"))
guard = fence.Fence(lease)

def task(silence=100):
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
    supervisor.report(pid, clock.now() - silence)
    return pid

def supervised():
    read, write = os.pipe()
    parent = os.fork()
    if parent == 0:
        os.write(write, str(task()).encode())
        time.sleep(600)
    pid = int(os.read(read, 100))
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    return pid

def has_ended(pid):
    guard.check()
    for _ in range(20):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False

shutil.rmtree(supervisor.REPORTS, ignore_errors=True)
guard.check()
shutil.rmtree(supervisor.REPORTS)
running = task()
(supervisor.REPORTS / "foreign").touch()
(supervisor.REPORTS / "0").mkdir()
told = [has_ended(running)]
psutil.Process.create_time = lambda process, born=psutil.Process.create_time: born(process) + 1
told += [has_ended(running), (supervisor.REPORTS / str(running)).is_symlink()]
lease.resumed = clock.now()
told.append(has_ended(running))
lease.resumed = float("-inf")
told.append(has_ended(supervised()))

def wait(_):
    raise OSError("stale")

faulty = task()
try:
    supervisor.end_with_supervisor(wait)(SimpleNamespace(pid=faulty))
except OSError as error:
    told += [has_ended(faulty), error]

clock.LEASE = time.CLOCK_MONOTONIC
controller = SimpleNamespace(autoscaler=None, concurrency=4)
guard.lease = Lease(SimpleNamespace(app=None, hostname="w", controller=controller, task_consumer=None))
broker = SimpleNamespace(hset=lambda *_: None)
suspended = task(0)
told.append(has_ended(suspended))
ticking = time.clock_gettime
time.clock_gettime = lambda id: ticking(id) + (60 if id == time.CLOCK_BOOTTIME else 0)
guard.lease.renew(broker)
told.append(has_ended(suspended))
clock.LEASE = time.CLOCK_BOOTTIME
guard.lease = Lease(SimpleNamespace(app=None, hostname="w", controller=controller, task_consumer=None))
time.clock_gettime = lambda id: ticking(id) + (120 if id == time.CLOCK_BOOTTIME else 0)
guard.lease.renew(broker)
told.append(has_ended(suspended))
print(*told)
`.trim();
