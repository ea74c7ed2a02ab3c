// Fails, or kills the process before, the n-th call that changes a file below a folder: real faults
// for the tests, without a hook in the program. Preloaded with LD_PRELOAD.
//
//   FAULT_FOLDER  absolute path of the folder
//   FAULT_AT      n, counted from 1; 0 for none
//   FAULT_ERRNO   the error that call and all later ones return; 0 to kill -9 instead
//   FAULT_COUNT   a file that the number of calls is written to at the end
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long calls;
static atomic_bool watched[65536];

static int below(const char *path) {
  const char *folder = getenv("FAULT_FOLDER");
  return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

// Counts a call; whether it is to fail.
static int fails(void) {
  long at = atol(getenv("FAULT_AT") ?: "0");
  long n = atomic_fetch_add(&calls, 1) + 1;
  if (at == 0 || n < at) return 0;
  int error = atoi(getenv("FAULT_ERRNO") ?: "0");
  if (error == 0) kill(getpid(), SIGKILL);
  errno = error;
  return 1;
}

static void watch(int fd, int on) {
  if (fd >= 0 && fd < 65536) watched[fd] = on;
}

static int is_watched(int fd) { return fd >= 0 && fd < 65536 && watched[fd]; }

#define REAL(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

static int open_(const char *name, const char *path, int flags, mode_t mode) {
  int writes = (flags & (O_WRONLY | O_RDWR | O_CREAT)) && below(path);
  if (writes && fails()) return -1;
  int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
  int fd = real(path, flags, mode);
  watch(fd, writes);
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
  if (is_watched(fd)) {
    // Half of what was asked for reaches the file first, as on a disk that runs full.
    long at = atol(getenv("FAULT_AT") ?: "0");
    if (at && calls + 1 >= at) REAL(write, fd, bytes, count / 2);
    if (fails()) return -1;
  }
  return REAL(write, fd, bytes, count);
}

int fsync(int fd) { return is_watched(fd) && fails() ? -1 : REAL(fsync, fd); }

int ftruncate(int fd, off_t length) {
  return is_watched(fd) && fails() ? -1 : REAL(ftruncate, fd, length);
}

int rename(const char *from, const char *to) {
  return below(to) && fails() ? -1 : REAL(rename, from, to);
}

int mkdir(const char *path, mode_t mode) { return below(path) && fails() ? -1 : REAL(mkdir, path, mode); }

// Removals cannot run out of space, but a kill may come between any two.
static int kills(const char *path) {
  return below(path) && atoi(getenv("FAULT_ERRNO") ?: "0") == 0 && fails();
}

int unlink(const char *path) { return kills(path) ? -1 : REAL(unlink, path); }

int rmdir(const char *path) { return kills(path) ? -1 : REAL(rmdir, path); }

int close(int fd) {
  watch(fd, 0);
  return REAL(close, fd);
}

__attribute__((destructor)) static void report(void) {
  const char *path = getenv("FAULT_COUNT");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%ld\n", (long)calls);
  fclose(file);
}
