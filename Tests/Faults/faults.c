// Real faults for the tests, without a hook in the program: a library, preloaded with LD_PRELOAD, that
// counts the calls by which files below a folder change, and does something at the n-th.
//
//   FAULT_FOLDER   absolute path of the folder
//   FAULT_MATCH    count only calls whose "operation path" fits this pattern of fnmatch(3), the path
//                  from FAULT_FOLDER on, e.g. "fsync */COMPLETE"
//   FAULT_AT       n, counted from 1; 0 or absent for none. What then happens:
//   FAULT_ERRNO    the call and every later one fails with this error, whatever it matches
//   FAULT_ONCE     set: only that one call fails
//   FAULT_SIGNALS  these signals are sent before the call, e.g. "2" or "2,15"; kill -9 otherwise
//   FAULT_LOG      a file that gets a line "seconds operation path" for every counted call
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define REAL(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

static atomic_long calls;
static atomic_bool broken;
// What is open for writing below the folder, by descriptor.
static char *_Atomic paths[65536];

static const char *below(const char *path) {
  const char *folder = getenv("FAULT_FOLDER");
  size_t length = folder ? strlen(folder) : 0;
  if (!length || !path || strncmp(path, folder, length) != 0) return NULL;
  return path[length] == '/' || path[length] == 0 ? path + length : NULL;
}

static void note(const char *operation, const char *path) {
  static atomic_int log = -1;
  const char *name = getenv("FAULT_LOG");
  if (!name) return;
  if (log < 0) log = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  char line[4096];
  int count = snprintf(line, sizeof line, "%ld.%06ld %s %s\n", (long)now.tv_sec,
                       now.tv_nsec / 1000, operation, path);
  REAL(write, log, line, count);
}

// Counts a call on `path`, if it is below the folder; whether it is to fail.
static int fails(const char *operation, const char *path) {
  if (!path) return 0;
  int error = atoi(getenv("FAULT_ERRNO") ?: "0");
  if (broken && !getenv("FAULT_ONCE")) {
    errno = error;
    return 1;
  }
  char text[4096];
  snprintf(text, sizeof text, "%s %s", operation, path);
  const char *match = getenv("FAULT_MATCH");
  if (match && fnmatch(match, text, 0) != 0) return 0;
  long n = atomic_fetch_add(&calls, 1) + 1;
  note(operation, path);
  if (n != atol(getenv("FAULT_AT") ?: "0")) return 0;
  if (error) {
    broken = 1;
    errno = error;
    return 1;
  }
  // Sent to the process, for this thread may block it: another one handles it while this one waits. With
  // a second signal nothing is to come after it.
  char *signals = strdup(getenv("FAULT_SIGNALS") ?: "9"), *rest = signals;
  for (char *s; (s = strsep(&rest, ","));) {
    kill(getpid(), atoi(s));
    usleep(100000);
  }
  if (strchr(getenv("FAULT_SIGNALS") ?: "", ',')) sleep(60);
  free(signals);
  return 0;
}

static void watch(int fd, const char *path) {
  if (fd < 0 || fd >= 65536) return;
  free(atomic_exchange(&paths[fd], path ? strdup(path) : NULL));
}

static const char *path_of(int fd) { return fd >= 0 && fd < 65536 ? paths[fd] : NULL; }

static int open_(const char *name, const char *path, int flags, mode_t mode) {
  const char *inner = flags & (O_WRONLY | O_RDWR | O_CREAT) ? below(path) : NULL;
  if (fails("open", inner)) return -1;
  int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
  int fd = real(path, flags, mode);
  // What is opened for reading too: that is how a folder is made durable.
  watch(fd, below(path));
  return fd;
}

static mode_t mode_of(int flags, va_list list) { return flags & O_CREAT ? va_arg(list, mode_t) : 0; }

int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_("open64", path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  if (fails("write", path_of(fd))) {
    int error = errno;
    // Half of what was asked for reaches the file first, as on a disk that runs full.
    REAL(write, fd, bytes, count / 2);
    errno = error;
    return -1;
  }
  return REAL(write, fd, bytes, count);
}

int fsync(int fd) { return fails("fsync", path_of(fd)) ? -1 : REAL(fsync, fd); }

int ftruncate(int fd, off_t length) {
  return fails("truncate", path_of(fd)) ? -1 : REAL(ftruncate, fd, length);
}

int rename(const char *from, const char *to) {
  return fails("rename", below(to)) ? -1 : REAL(rename, from, to);
}

int mkdir(const char *path, mode_t mode) {
  return fails("mkdir", below(path)) ? -1 : REAL(mkdir, path, mode);
}

// Removals cannot run out of space, but a kill may come between any two.
static int stops(const char *path) {
  return atoi(getenv("FAULT_ERRNO") ?: "0") == 0 && fails("remove", below(path));
}

int unlink(const char *path) { return stops(path) ? -1 : REAL(unlink, path); }

int rmdir(const char *path) { return stops(path) ? -1 : REAL(rmdir, path); }

int close(int fd) {
  watch(fd, NULL);
  return REAL(close, fd);
}
