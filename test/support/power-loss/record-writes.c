// Records, in order and with their data, all calls by which a process changes files below one folder. Loaded with
// LD_PRELOAD; what it writes is read by `operation-log.ts`, which names the same kinds in the same order.
//
//   STET_RECORD_ROOT  the folder, an absolute path without symbolic links
//   STET_RECORD_LOG   the file that records are appended to, outside the folder
//   STET_RECORD_KILL  KIND:N, optional: the process is killed at once after its N-th record of that kind
//
// A call that changes something and its record are one step under a lock, so the order of records is the order of
// effects. A sync is two records, its begin and its end: only what was there when it began is sure to be on disk when
// it ends. Children are not recorded.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { OPEN, CLOSE, DUPLICATE, WRITE, TRUNCATE, RENAME, UNLINK, MAKE_FOLDER, REMOVE_FOLDER, LINK, SYNC_BEGIN, SYNC_END, MAP, UNKNOWN };

struct header {
  uint32_t kind;
  int32_t process;
  int32_t descriptor;
  uint32_t path_bytes;
  uint64_t data_bytes;
  int64_t number;
};

#define MAX_DESCRIPTORS 65536
#define REAL(name) ({ static __typeof__(&name) real; if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); real; })

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned char watched[MAX_DESCRIPTORS];
static char root[PATH_MAX];
static size_t root_length;
static int log_descriptor = -1;
static pid_t owner;
static int64_t syncs;
static long kill_kind = -1;
static long kill_countdown;

__attribute__((constructor)) static void begin(void) {
  const char *folder = getenv("STET_RECORD_ROOT");
  const char *file = getenv("STET_RECORD_LOG");
  const char *kill_at = getenv("STET_RECORD_KILL");
  if (folder == NULL || file == NULL) return;
  int opened = REAL(open)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (opened < 0 || strlen(folder) >= sizeof root) abort();
  // Out of the way: the program gets the descriptors that it would get without this library.
  log_descriptor = REAL(fcntl)(opened, F_DUPFD_CLOEXEC, 900);
  REAL(close)(opened);
  strcpy(root, folder);
  root_length = strlen(root);
  if (kill_at != NULL && sscanf(kill_at, "%ld:%ld", &kill_kind, &kill_countdown) != 2) abort();
  unsetenv("LD_PRELOAD");
  owner = getpid();
}

// A child between fork and exec shares the memory, and possibly a lock that nobody will release.
static int is_recording(void) { return log_descriptor >= 0 && getpid() == owner; }

static int is_watched(int descriptor) {
  return descriptor >= 0 && descriptor < MAX_DESCRIPTORS && watched[descriptor] && is_recording();
}

static void watch(int descriptor, int value) {
  if (descriptor < 0) return;
  if (descriptor >= MAX_DESCRIPTORS) abort();
  watched[descriptor] = (unsigned char)value;
}

static void append(enum kind kind, int descriptor, const char *path, int64_t number, const void *data, size_t size) {
  int saved = errno;
  struct header header = {kind, owner, descriptor, (uint32_t)strlen(path), size, number};
  struct iovec parts[] = {{&header, sizeof header}, {(void *)path, header.path_bytes}, {(void *)data, size}};
  if (REAL(writev)(log_descriptor, parts, 3) != (ssize_t)(sizeof header + header.path_bytes + size)) abort();
  if (kill_kind == (long)kind && --kill_countdown == 0) kill(owner, SIGKILL);
  errno = saved;
}

/* Paths */

static void normalise(char *path) {
  char *end = path;
  for (char *part = path; *part != '\0';) {
    while (*part == '/') part++;
    size_t length = strcspn(part, "/");
    if (length == 2 && part[0] == '.' && part[1] == '.') {
      while (end > path && *--end != '/') {}
    } else if (length > 0 && !(length == 1 && part[0] == '.')) {
      *end++ = '/';
      memmove(end, part, length);
      end += length;
    }
    part += length;
  }
  *end = '\0';
}

/* The path below the root, or NULL for one elsewhere. */
static const char *find_place(int folder, const char *path, char *buffer) {
  if (!is_recording() || path == NULL) return NULL;
  int saved = errno;
  size_t length = 0;
  if (path[0] != '/') {
    if (folder == AT_FDCWD) {
      if (getcwd(buffer, PATH_MAX) == NULL) return NULL;
    } else {
      char link[64];
      snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
      ssize_t found = readlink(link, buffer, PATH_MAX - 1);
      if (found < 0) return NULL;
      buffer[found] = '\0';
    }
    length = strlen(buffer);
  }
  errno = saved;
  if (length + strlen(path) + 2 > 2 * PATH_MAX) return NULL;
  buffer[length] = '/';
  strcpy(buffer + length + 1, path);
  normalise(buffer);
  if (strncmp(buffer, root, root_length) != 0) return NULL;
  if (buffer[root_length] == '\0') return buffer + root_length;
  return buffer[root_length] == '/' ? buffer + root_length + 1 : NULL;
}

#define PLACE_BYTES (2 * PATH_MAX + 2)

/* Descriptors */

static int record_open(int folder, const char *path, int flags, mode_t mode) {
  char buffer[PLACE_BYTES];
  const char *place = find_place(folder, path, buffer);
  if (place == NULL) {
    int descriptor = REAL(openat)(folder, path, flags, mode);
    if (is_recording()) watch(descriptor, 0);
    return descriptor;
  }
  pthread_mutex_lock(&lock);
  int descriptor = REAL(openat)(folder, path, flags, mode);
  watch(descriptor, 1);
  if (descriptor >= 0) append(OPEN, descriptor, place, flags, NULL, 0);
  pthread_mutex_unlock(&lock);
  return descriptor;
}

#define WITH_MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) { WITH_MODE(flags) return record_open(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { WITH_MODE(flags) return record_open(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { WITH_MODE(flags) return record_open(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { WITH_MODE(flags) return record_open(folder, path, flags, mode); }
int creat(const char *path, mode_t mode) { return record_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return record_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int close(int descriptor) {
  if (!is_watched(descriptor)) return REAL(close)(descriptor);
  pthread_mutex_lock(&lock);
  watch(descriptor, 0);
  append(CLOSE, descriptor, "", 0, NULL, 0);
  int result = REAL(close)(descriptor);
  pthread_mutex_unlock(&lock);
  return result;
}

// Node's own library closes files by number of the call.
long syscall(long number, ...) {
  va_list rest;
  long given[6];
  va_start(rest, number);
  for (int index = 0; index < 6; index++) given[index] = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_close) return close((int)given[0]);
  return REAL(syscall)(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}

static int record_duplicate(int from, int to) {
  if (to >= 0 && from != to) {
    watch(to, 1);
    append(DUPLICATE, from, "", to, NULL, 0);
  }
  return to;
}

int dup(int from) {
  if (!is_watched(from)) return REAL(dup)(from);
  pthread_mutex_lock(&lock);
  int to = record_duplicate(from, REAL(dup)(from));
  pthread_mutex_unlock(&lock);
  return to;
}

int dup3(int from, int to, int flags) {
  if (!is_recording() || from == to) return REAL(dup3)(from, to, flags);
  pthread_mutex_lock(&lock);
  int result = REAL(dup3)(from, to, flags);
  if (is_watched(from)) record_duplicate(from, result);
  else watch(result, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int dup2(int from, int to) { return is_recording() && from != to ? dup3(from, to, 0) : REAL(dup2)(from, to); }

static int record_control(int descriptor, int command, void *argument) {
  if ((command != F_DUPFD && command != F_DUPFD_CLOEXEC) || !is_watched(descriptor)) {
    return REAL(fcntl)(descriptor, command, argument);
  }
  pthread_mutex_lock(&lock);
  int to = record_duplicate(descriptor, REAL(fcntl)(descriptor, command, argument));
  pthread_mutex_unlock(&lock);
  return to;
}

#define WITH_ARGUMENT(command) void *argument; va_list rest; va_start(rest, command); argument = va_arg(rest, void *); va_end(rest);

int fcntl(int descriptor, int command, ...) { WITH_ARGUMENT(command) return record_control(descriptor, command, argument); }
int fcntl64(int descriptor, int command, ...) { WITH_ARGUMENT(command) return record_control(descriptor, command, argument); }

/* Contents */

static void record_data(int descriptor, int64_t offset, const struct iovec *parts, int count, ssize_t written) {
  char *data = malloc((size_t)written);
  size_t filled = 0;
  if (data == NULL) abort();
  for (int index = 0; index < count && filled < (size_t)written; index++) {
    size_t size = parts[index].iov_len;
    if (size > (size_t)written - filled) size = (size_t)written - filled;
    memcpy(data + filled, parts[index].iov_base, size);
    filled += size;
  }
  append(WRITE, descriptor, "", offset, data, filled);
  free(data);
}

/* With offset -1 at the position of the descriptor, else at the offset. */
static ssize_t record_write(int descriptor, const struct iovec *parts, int count, int64_t offset) {
  pthread_mutex_lock(&lock);
  ssize_t written = offset < 0 ? REAL(writev)(descriptor, parts, count) : REAL(pwritev)(descriptor, parts, count, offset);
  int saved = errno;
  if (written > 0) {
    int64_t start = offset < 0 ? lseek(descriptor, 0, SEEK_CUR) - written : offset;
    record_data(descriptor, start, parts, count, written);
  }
  errno = saved;
  pthread_mutex_unlock(&lock);
  return written;
}

ssize_t write(int descriptor, const void *data, size_t size) {
  if (!is_watched(descriptor)) return REAL(write)(descriptor, data, size);
  struct iovec part = {(void *)data, size};
  return record_write(descriptor, &part, 1, -1);
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset) {
  if (!is_watched(descriptor)) return REAL(pwrite)(descriptor, data, size, offset);
  struct iovec part = {(void *)data, size};
  return record_write(descriptor, &part, 1, offset);
}

ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t offset) { return pwrite(descriptor, data, size, offset); }

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  if (!is_watched(descriptor)) return REAL(writev)(descriptor, parts, count);
  return record_write(descriptor, parts, count, -1);
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
  if (!is_watched(descriptor)) return REAL(pwritev)(descriptor, parts, count, offset);
  return record_write(descriptor, parts, count, offset);
}

ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off64_t offset) { return pwritev(descriptor, parts, count, offset); }

int ftruncate(int descriptor, off_t size) {
  if (!is_watched(descriptor)) return REAL(ftruncate)(descriptor, size);
  pthread_mutex_lock(&lock);
  int result = REAL(ftruncate)(descriptor, size);
  if (result == 0) append(TRUNCATE, descriptor, "", size, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int ftruncate64(int descriptor, off64_t size) { return ftruncate(descriptor, size); }

int truncate(const char *path, off_t size) {
  int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return -1;
  int result = ftruncate(descriptor, size);
  int saved = errno;
  close(descriptor);
  errno = saved;
  return result;
}

int truncate64(const char *path, off64_t size) { return truncate(path, size); }

/* Growth only: no other mode is used on what is recorded. */
static void record_allocation(int descriptor, int64_t end) {
  struct stat found;
  if (fstat(descriptor, &found) == 0 && found.st_size == end) append(TRUNCATE, descriptor, "", end, NULL, 0);
}

int fallocate(int descriptor, int mode, off_t offset, off_t size) {
  if (!is_watched(descriptor)) return REAL(fallocate)(descriptor, mode, offset, size);
  pthread_mutex_lock(&lock);
  int result = REAL(fallocate)(descriptor, mode, offset, size);
  if (result == 0 && mode != 0) append(UNKNOWN, descriptor, "fallocate", mode, NULL, 0);
  if (result == 0 && mode == 0) record_allocation(descriptor, offset + size);
  pthread_mutex_unlock(&lock);
  return result;
}

int fallocate64(int descriptor, int mode, off64_t offset, off64_t size) { return fallocate(descriptor, mode, offset, size); }

int posix_fallocate(int descriptor, off_t offset, off_t size) {
  if (!is_watched(descriptor)) return REAL(posix_fallocate)(descriptor, offset, size);
  pthread_mutex_lock(&lock);
  int result = REAL(posix_fallocate)(descriptor, offset, size);
  if (result == 0) record_allocation(descriptor, offset + size);
  pthread_mutex_unlock(&lock);
  return result;
}

int posix_fallocate64(int descriptor, off64_t offset, off64_t size) { return posix_fallocate(descriptor, offset, size); }

/* Stores into such memory cannot be seen. */
static void record_mapping(int protection, int flags, int descriptor) {
  if (!(protection & PROT_WRITE) || !(flags & MAP_SHARED) || !is_watched(descriptor)) return;
  pthread_mutex_lock(&lock);
  append(MAP, descriptor, "", 0, NULL, 0);
  pthread_mutex_unlock(&lock);
}

void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset) {
  void *memory = REAL(mmap)(address, size, protection, flags, descriptor, offset);
  if (memory != MAP_FAILED) record_mapping(protection, flags, descriptor);
  return memory;
}

void *mmap64(void *address, size_t size, int protection, int flags, int descriptor, off64_t offset) {
  return mmap(address, size, protection, flags, descriptor, offset);
}

ssize_t sendfile(int to, int from, off_t *offset, size_t size);
ssize_t sendfile64(int to, int from, off64_t *offset, size_t size);

ssize_t sendfile(int to, int from, off_t *offset, size_t size) {
  if (is_watched(to)) {
    errno = ENOSYS; // makes the caller fall back on reading and writing
    return -1;
  }
  return REAL(sendfile)(to, from, offset, size);
}

ssize_t sendfile64(int to, int from, off64_t *offset, size_t size) { return sendfile(to, from, offset, size); }

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t size, unsigned flags) {
  if (is_watched(to)) {
    errno = ENOSYS;
    return -1;
  }
  return REAL(copy_file_range)(from, from_offset, to, to_offset, size, flags);
}

/* Durability */

static int64_t begin_sync(int descriptor) {
  pthread_mutex_lock(&lock);
  int64_t number = ++syncs;
  append(SYNC_BEGIN, descriptor, "", number, NULL, 0);
  pthread_mutex_unlock(&lock);
  return number;
}

static int end_sync(int descriptor, int64_t number, int result) {
  if (result != 0) return result;
  pthread_mutex_lock(&lock);
  append(SYNC_END, descriptor, "", number, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int fsync(int descriptor) {
  if (!is_watched(descriptor)) return REAL(fsync)(descriptor);
  int64_t number = begin_sync(descriptor);
  return end_sync(descriptor, number, REAL(fsync)(descriptor));
}

int fdatasync(int descriptor) {
  if (!is_watched(descriptor)) return REAL(fdatasync)(descriptor);
  int64_t number = begin_sync(descriptor);
  return end_sync(descriptor, number, REAL(fdatasync)(descriptor));
}

/* Names */

static int record_name(enum kind kind, const char *place, int result, int64_t number) {
  if (result == 0) append(kind, -1, place, number, NULL, 0);
  return result;
}

static int record_two_names(enum kind kind, int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  char from_buffer[PLACE_BYTES], to_buffer[PLACE_BYTES];
  const char *from_place = find_place(from_folder, from, from_buffer);
  const char *to_place = find_place(to_folder, to, to_buffer);
  int is_inside = from_place != NULL || to_place != NULL;
  if (is_inside) pthread_mutex_lock(&lock);
  int result = kind == LINK ? REAL(linkat)(from_folder, from, to_folder, to, (int)flags)
             : flags == 0   ? REAL(renameat)(from_folder, from, to_folder, to)
                            : REAL(renameat2)(from_folder, from, to_folder, to, flags);
  if (is_inside) {
    int is_whole = from_place != NULL && to_place != NULL;
    if (result == 0 && is_whole) append(kind, -1, from_place, flags, to_place, strlen(to_place));
    else if (result == 0) append(UNKNOWN, -1, "rename or link across the root", 0, NULL, 0);
    pthread_mutex_unlock(&lock);
  }
  return result;
}

int rename(const char *from, const char *to) { return record_two_names(RENAME, AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_folder, const char *from, int to_folder, const char *to) { return record_two_names(RENAME, from_folder, from, to_folder, to, 0); }
int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  return record_two_names(RENAME, from_folder, from, to_folder, to, flags);
}
int link(const char *from, const char *to) { return record_two_names(LINK, AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
  return record_two_names(LINK, from_folder, from, to_folder, to, (unsigned)flags);
}

int unlinkat(int folder, const char *path, int flags) {
  char buffer[PLACE_BYTES];
  const char *place = find_place(folder, path, buffer);
  if (place == NULL) return REAL(unlinkat)(folder, path, flags);
  pthread_mutex_lock(&lock);
  int result = record_name(flags & AT_REMOVEDIR ? REMOVE_FOLDER : UNLINK, place, REAL(unlinkat)(folder, path, flags), 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int folder, const char *path, mode_t mode) {
  char buffer[PLACE_BYTES];
  const char *place = find_place(folder, path, buffer);
  if (place == NULL) return REAL(mkdirat)(folder, path, mode);
  pthread_mutex_lock(&lock);
  int result = record_name(MAKE_FOLDER, place, REAL(mkdirat)(folder, path, mode), mode);
  pthread_mutex_unlock(&lock);
  return result;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int symlinkat(const char *target, int folder, const char *path) {
  char buffer[PLACE_BYTES];
  const char *place = find_place(folder, path, buffer);
  if (place == NULL) return REAL(symlinkat)(target, folder, path);
  pthread_mutex_lock(&lock);
  int result = record_name(UNKNOWN, "symlink", REAL(symlinkat)(target, folder, path), 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }
