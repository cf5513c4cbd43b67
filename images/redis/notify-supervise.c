/*
 * notify-supervise COMMAND [ARGUMENT...]
 *
 * A service that is `supervised systemd` reports READY=1 to the datagram socket in $NOTIFY_SOCKET once it can serve. In
 * a container nobody listens there. This parent does: it runs the service, prints what it reports, and keeps the current
 * state as lines KEY=VALUE in $NOTIFY_STATE, where a health check can read it. It passes TERM, INT, HUP and QUIT on,
 * reaps orphans as an init must, and exits as the service does (128 + signal when one ended it).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KEYS = 32 };
static const int forwarded[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
static volatile sig_atomic_t pending[NSIG];
static char *state[KEYS];
static struct timespec started;

static void fail(const char *what, const char *detail) {
  fprintf(stderr, "notify-supervise: %s %s: %s\n", what, detail, strerror(errno));
  exit(125);
}

static const char *setting(const char *name, const char *otherwise) {
  if (setenv(name, otherwise, 0)) fail("cannot set", name);
  const char *value = getenv(name);
  if (*value == '/') return value;
  fprintf(stderr, "notify-supervise: %s is \"%s\", but must be an absolute path, for example %s\n", name, value, otherwise);
  exit(125);
}

static void note(int signal) { pending[signal] = 1; }

static int take(int signal) {
  int was = pending[signal];
  pending[signal] = 0;
  return was;
}

static int listen_on(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) errno = ENAMETOOLONG, fail("cannot listen on", path);
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  umask(077);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address)) fail("cannot listen on", path);
  return fd;
}

static void remember(const char *line) {
  size_t key = strcspn(line, "=") + 1;
  for (int i = 0; i < KEYS; i++) {
    if (state[i] && strncmp(state[i], line, key)) continue;
    free(state[i]);
    state[i] = strdup(line);
    return;
  }
}

/* Whoever reads the state sees the old one or the new one, never a part. */
static void save(const char *path) {
  char draft[4096];
  snprintf(draft, sizeof draft, "%s.new", path);
  FILE *file = fopen(draft, "w");
  if (!file) fail("cannot write", draft);
  for (int i = 0; i < KEYS && state[i]; i++) fprintf(file, "%s\n", state[i]);
  if (fclose(file) || rename(draft, path)) fail("cannot write", path);
}

static void receive(int fd, const char *path) {
  char text[65536];
  ssize_t size;
  while ((size = recv(fd, text, sizeof text - 1, 0)) >= 0) {
    text[size] = 0;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = now.tv_sec - started.tv_sec + (now.tv_nsec - started.tv_nsec) / 1e9;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
      printf("notify +%.3fs %s\n", seconds, line);
      remember(line);
    }
    fflush(stdout);
    save(path);
  }
}

/* The exit code of the service, or -1 while it runs. */
static int reap(pid_t service) {
  int code = -1, status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    if (pid == service) code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return code;
}

int main(int argc, char **argv) {
  if (argc < 2) return fprintf(stderr, "usage: notify-supervise COMMAND [ARGUMENT...]\n"), 125;
  const char *socket_path = setting("NOTIFY_SOCKET", "/tmp/notify.sock");
  const char *state_path = setting("NOTIFY_STATE", "/tmp/notify.state");
  unlink(socket_path);
  unlink(state_path);
  int fd = listen_on(socket_path);
  clock_gettime(CLOCK_MONOTONIC, &started);

  /* Signals arrive inside ppoll only, so that none is lost between a look and the wait that follows it. */
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  struct sigaction action = {.sa_handler = note};
  sigaction(SIGCHLD, &action, NULL);
  for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++) sigaction(forwarded[i], &action, NULL);

  pid_t service = fork();
  if (service < 0) fail("cannot start", argv[1]);
  if (service == 0) {
    for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++) signal(forwarded[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    execvp(argv[1], argv + 1);
    fprintf(stderr, "notify-supervise: cannot run %s: %s\n", argv[1], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
  }

  for (;;) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (ppoll(&wait, 1, NULL, &before) < 0 && errno != EINTR) fail("cannot wait for", argv[1]);
    for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
      if (take(forwarded[i])) kill(service, forwarded[i]);
    int code = take(SIGCHLD) ? reap(service) : -1;
    receive(fd, state_path);
    if (code >= 0) return code;
  }
}
