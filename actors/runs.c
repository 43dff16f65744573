/* SPDX-License-Identifier: Apache-2.0 */
/* runs.c: the directories of runs: made, found and taken away. */
#include "troupe_runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "actors/journal.h"
#include "mailbox/check.h"

#define JOURNAL      "journal.db"
#define COMMAND      "command" /* a line each */
#define STATE        "state"
#define PIPELINE_MAX 16
#define ATTEMPTS     16
#define OPEN_FILES   16 /* of nftw(3) */

static int
fail(troupe_journal_error_t *error, int rc, const char *path, const char *why)
{
    if (error)
        snprintf(error->text, sizeof error->text, "%s: %s", path, why);
    return rc;
}

static int
error_of(int number)
{
    return number == EACCES || number == EPERM || number == EROFS ? -EACCES
           : number == ENOSPC || number == EDQUOT                 ? -ENOSPC
           : number == ENOTDIR                                    ? -ENOTDIR
           : number == ENOENT                                     ? -ENOENT
                                                                  : -EIO;
}

/* All directories of a path, open to its user alone. */
static int
make_directories(const char *path)
{
    char *copy = troupe__strdup(path);
    int rc = 0;
    for (char *at = copy + 1; rc == 0; at++) {
        char had = *at;
        if (had != '/' && had != '\0')
            continue;
        *at = '\0';
        if (mkdir(copy, 0700) < 0 && errno != EEXIST)
            rc = -errno;
        *at = had;
        if (had == '\0')
            break;
    }
    free(copy);
    return rc;
}

/* The time in it sorts, and the number tells two of one moment apart. */
static void
make_id(const char *pipeline, char id[TROUPE_RUN_ID_MAX + 1])
{
    unsigned number = 0;
    struct timespec now;
    struct tm day;
    char stamp[32];
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        number = (unsigned) getpid();
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &day);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &day);
    snprintf(id, TROUPE_RUN_ID_MAX + 1, "%s-%s%03ld-%04x", pipeline, stamp,
             now.tv_nsec / 1000000, number & 0xffff);
}

int
troupe_run_make(const char *base, const char *pipeline,
                char ret_id[TROUPE_RUN_ID_MAX + 1], char **ret_path,
                troupe_journal_error_t *error)
{
    CHECK(base);
    CHECK(pipeline);
    size_t size = strspn(pipeline, "abcdefghijklmnopqrstuvwxyz");
    if (size == 0 || size > PIPELINE_MAX || pipeline[size] || base[0] != '/')
        return fail(error, -EINVAL, base, "not a name of a run");
    int rc = make_directories(base);
    if (rc < 0)
        return fail(error, error_of(-rc), base, strerror(-rc));
    for (int i = 0; i < ATTEMPTS; i++) {
        char *directory = NULL;
        make_id(pipeline, ret_id);
        if (asprintf(&directory, "%s/%s", base, ret_id) < 0)
            troupe__out_of_memory(strlen(base));
        rc = mkdir(directory, 0700) < 0 ? -errno : 0;
        if (rc == 0 && asprintf(ret_path, "%s/" JOURNAL, directory) < 0)
            troupe__out_of_memory(strlen(base));
        free(directory);
        if (rc == 0)
            return 0;
        if (rc != -EEXIST)
            break;
    }
    return fail(error, error_of(-rc), base, strerror(-rc));
}

static bool
is_id(const char *name)
{
    size_t size = strlen(name);
    return size > 0 && size <= TROUPE_RUN_ID_MAX && strchr(name, '-')
           && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

static bool
is_of(const char *id, const char *pipeline)
{
    size_t size = pipeline ? strlen(pipeline) : 0;
    return size == 0 || (strncmp(id, pipeline, size) == 0 && id[size] == '-');
}

/* By their times, and then by their names. */
static int
by_time(const struct dirent **one, const struct dirent **other)
{
    const char *a = strchr((*one)->d_name, '-');
    const char *b = strchr((*other)->d_name, '-');
    int order = a && b ? strcmp(a, b) : 0;
    return order ? order : strcmp((*one)->d_name, (*other)->d_name);
}

static int
only_ids(const struct dirent *entry)
{
    return is_id(entry->d_name);
}

static void
free_names(struct dirent **names, int count)
{
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static bool
find_last(const char *base, const char *pipeline,
          char ret_id[TROUPE_RUN_ID_MAX + 1])
{
    struct dirent **names = NULL;
    int count = scandir(base, &names, only_ids, by_time);
    int at = count - 1;
    while (at >= 0 && !is_of(names[at]->d_name, pipeline))
        at--;
    if (at >= 0)
        memcpy(ret_id, names[at]->d_name, strlen(names[at]->d_name) + 1);
    if (count >= 0)
        free_names(names, count);
    return at >= 0;
}

int
troupe_run_find(const char *base, const char *id, const char *pipeline,
                char ret_id[TROUPE_RUN_ID_MAX + 1], char **ret_path,
                troupe_journal_error_t *error)
{
    CHECK(base);
    CHECK(id);
    if (strcmp(id, "last") == 0) {
        if (!find_last(base, pipeline, ret_id)) {
            char words[64];
            snprintf(words, sizeof words, "there is no run%s%.16s there yet",
                     pipeline ? " of " : "", pipeline ? pipeline : "");
            return fail(error, -ENOENT, base, words);
        }
    } else if (is_id(id) && is_of(id, pipeline)) {
        memcpy(ret_id, id, strlen(id) + 1);
    } else {
        return fail(error, -ENOENT, id,
                    "no such run; troupe runs list names them");
    }
    char *path = NULL;
    if (asprintf(&path, "%s/%s/" JOURNAL, base, ret_id) < 0)
        troupe__out_of_memory(strlen(base));
    if (access(path, F_OK) < 0) {
        free(path);
        return fail(error, -ENOENT, ret_id,
                    "no such run; troupe runs list names them");
    }
    *ret_path = path;
    return 0;
}

/* A file beside the journal. */
static char *
beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    char *file = NULL;
    if (asprintf(&file, "%.*s%s", slash ? (int) (slash - path) + 1 : 0, path,
                 name)
        < 0)
        troupe__out_of_memory(strlen(path));
    return file;
}

/* Its first line, to be freed; NULL: there is none. */
static char *
read_line(const char *journal, const char *name)
{
    char *path = beside(journal, name), *line = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "re");
    free(path);
    ssize_t got = file ? getline(&line, &size, file) : -1;
    if (file)
        fclose(file);
    if (got > 0 && line[got - 1] == '\n')
        line[--got] = '\0';
    if (got > 0)
        return line;
    free(line);
    return NULL;
}

static int
write_line(const char *journal, const char *name, const char *text)
{
    char *path = beside(journal, name);
    FILE *file = fopen(path, "we");
    int rc = file ? 0 : error_of(errno);
    int size = (int) strnlen(text, TROUPE_RUN_COMMAND_MAX);
    if (file && fprintf(file, "%.*s\n", size, text) < 0)
        rc = error_of(errno);
    if (file && fclose(file) != 0)
        rc = error_of(errno);
    free(path);
    return rc;
}

int
troupe_run_begin(const char *path, const char *command, char **ret_command)
{
    CHECK(path);
    CHECK(command);
    char *state = beside(path, STATE);
    int rc = unlink(state) < 0 && errno != ENOENT ? error_of(errno) : 0;
    char *before = read_line(path, COMMAND);
    if (rc == 0 && !before)
        rc = write_line(path, COMMAND, command);
    if (rc == 0 && ret_command)
        *ret_command = before ? before : read_line(path, COMMAND);
    else
        free(before);
    free(state);
    return rc;
}

int
troupe_run_end(const char *path, const char *state)
{
    CHECK(path);
    CHECK(state);
    return write_line(path, STATE, state);
}

static uint64_t
bytes_below(const char *directory)
{
    uint64_t bytes = 0;
    DIR *open = opendir(directory);
    const struct dirent *entry = NULL;
    while (open && (entry = readdir(open)) != NULL) {
        struct stat found;
        if (fstatat(dirfd(open), entry->d_name, &found, AT_SYMLINK_NOFOLLOW)
                == 0
            && S_ISREG(found.st_mode))
            bytes += (uint64_t) found.st_size;
    }
    if (open)
        closedir(open);
    return bytes;
}

/* Of each key the last end counts. */
static int
count_ends(troupe_journal_t *journal, troupe_run_info_t *info)
{
    static const char sql[] =
        "SELECT count(*), coalesce(sum(state = 'ok'), 0), coalesce(max(at), 0)"
        " FROM (SELECT state, at, max(id) FROM entry WHERE what = 3"
        " GROUP BY key)";
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(journal->db, sql, -1, &row, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    if (code == SQLITE_ROW) {
        info->done = (uint64_t) sqlite3_column_int64(row, 0);
        info->ok = (uint64_t) sqlite3_column_int64(row, 1);
        info->changed_ms = sqlite3_column_int64(row, 2);
    }
    sqlite3_finalize(row);
    return code == SQLITE_ROW ? 0 : -EBADMSG;
}

static int
tell(const char *base, const char *id, troupe_run_fn each, void *data)
{
    char *directory = NULL, *path = NULL;
    troupe_journal_error_t error = {""};
    troupe_journal_t *journal = NULL;
    if (asprintf(&directory, "%s/%s", base, id) < 0
        || asprintf(&path, "%s/" JOURNAL, directory) < 0)
        troupe__out_of_memory(strlen(base));
    troupe_run_info_t info = {
        .id = id, .state = "damaged", .words = error.text};
    int rc = troupe_journal_open(path, TROUPE_JOURNAL_READ, &journal, &error);
    char *state = read_line(path, STATE), *command = read_line(path, COMMAND);
    if (rc == 0 && count_ends(journal, &info) < 0)
        snprintf(error.text, sizeof error.text, "%s: it cannot be read", path);
    else if (rc == 0)
        info.state = state ? state : "interrupted";
    if (troupe__journal_holder(path) != 0)
        info.state = "running";
    struct stat found;
    if (info.changed_ms == 0 && stat(directory, &found) == 0)
        info.changed_ms = (int64_t) found.st_mtime * 1000;
    info.command = command ? command : "";
    info.bytes = bytes_below(directory);
    rc = each(data, &info);
    troupe_journal_destroy(&journal);
    free(command);
    free(state);
    free(path);
    free(directory);
    return rc;
}

int
troupe_runs_list(const char *base, troupe_run_fn each, void *data)
{
    CHECK(base);
    CHECK(each);
    struct dirent **names = NULL;
    int count = scandir(base, &names, only_ids, by_time);
    if (count < 0)
        return errno == ENOENT ? 0 : -EIO;
    int rc = 0;
    for (int i = 0; i < count && rc == 0; i++)
        rc = tell(base, names[i]->d_name, each, data);
    free_names(names, count);
    return rc;
}

static int
remove_one(const char *path, const struct stat *found, int kind,
           struct FTW *where)
{
    (void) found, (void) kind, (void) where;
    return remove(path) < 0 ? error_of(errno) : 0;
}

int
troupe_run_remove(const char *base, const char *id)
{
    CHECK(base);
    CHECK(id);
    char *directory = NULL, *path = NULL;
    struct stat found;
    int lock = -1;
    pid_t holder = 0;
    if (!is_id(id))
        return -ENOENT;
    if (asprintf(&directory, "%s/%s", base, id) < 0
        || asprintf(&path, "%s/" JOURNAL, directory) < 0)
        troupe__out_of_memory(strlen(base));
    int rc = stat(directory, &found) < 0 ? error_of(errno) : 0;
    if (rc == 0)
        rc = troupe__journal_lock(path, &lock, &holder);
    if (rc == 0)
        rc = nftw(directory, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS);
    if (lock >= 0)
        close(lock);
    free(path);
    free(directory);
    return rc;
}
