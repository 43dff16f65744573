/* SPDX-License-Identifier: Apache-2.0 */
/* join.c: how a node becomes the root of a run, or one of its others. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailbox/message.h"
#include "mailbox/pack.h"
#include "runtime/hub.h"
#include "runtime/process.h"
#include "runtime/process_adopt.h"
#include "runtime/worker.h"
#include "troupe_rundir.h"

enum { JOIN_MS = 30000 };

/* Sockets are bound there: nobody else may be able to put any beside them. */
static int
check_directory(const char *path)
{
    struct stat status;
    if (!path || path[0] != '/' || strlen(path) >= TROUPE__RUN_PATH_MAX
        || !troupe__utf8((const uint8_t *) path, strlen(path)))
        return -EINVAL;
    if (lstat(path, &status) < 0)
        return -errno;
    if (!S_ISDIR(status.st_mode))
        return -ENOTDIR;
    return status.st_uid == geteuid() && (status.st_mode & 0077) == 0 ? 0
                                                                      : -EACCES;
}

/* A directory of its own, where the user gave none; says what is wrong. */
static int
make_directory(const troupe_options_t *options, const char *name,
               troupe_rundir_t **ret_rundir)
{
    char base[TROUPE_RUN_PATH], text[TROUPE_RUN_TEXT] = "";
    int rc = troupe_rundir_base(options->nodes->base, NULL, base, sizeof base);
    if (rc == 0)
        rc = troupe_rundir_open(base, name, ret_rundir, text);
    if (text[0] && options->log)
        options->log(options->log_data,
                     rc < 0 ? TROUPE_LOG_ERROR : TROUPE_LOG_WARNING, text);
    return rc;
}

void
troupe__rundir_drop(troupe_t *node)
{
    char text[TROUPE_RUN_TEXT] = "";
    troupe_rundir_close(&node->rundir, text);
    if (text[0])
        troupe__log(node, TROUPE_LOG_WARNING, "%s", text);
}

static int
root_begin(const troupe_options_t *options, const char *name,
           const char *directory, troupe_t **ret_node)
{
    struct troupe__membership own = {.number = TROUPE__ROOT};
    int rc = check_directory(directory);
    if (rc < 0)
        return rc;
    snprintf(own.name, sizeof own.name, "%s", name);
    snprintf(own.directory, sizeof own.directory, "%s", directory);
    if (getrandom(own.secret, sizeof own.secret, 0) != sizeof own.secret)
        return -EIO;
    rc = troupe__node_new(options, &own, ret_node);
    explicit_bzero(&own, sizeof own);
    return rc;
}

int
troupe__root_new(const troupe_options_t *options, troupe_t **ret_node)
{
    const char *name = options->nodes->name ? options->nodes->name : "root";
    const char *directory = options->nodes->directory;
    troupe_rundir_t *rundir = NULL;
    char ignored[TROUPE_RUN_TEXT];
    troupe_t *node = NULL;
    int rc = troupe__name_is_valid(name) ? 0 : -EINVAL;
    if (rc == 0 && !directory
        && (rc = make_directory(options, name, &rundir)) == 0)
        directory = troupe_rundir_directory(rundir);
    if (rc == 0)
        rc = root_begin(options, name, directory, &node);
    if (rc < 0) {
        troupe_rundir_close(&rundir, ignored);
        return rc;
    }
    CHECK(node);
    node->rundir = rundir;
    rc = troupe__link_start(node);
    if (rc < 0)
        troupe_destroy(&node);
    else
        *ret_node = node;
    return rc;
}

static int
unpack(const uint8_t *bytes, size_t size, struct troupe__arena *arena,
       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = troupe__unpack_value(bytes, size, arena, format, &args);
    va_end(args);
    return rc;
}

/* The root's hello; see NODES.md. */
static int
read_hello(const uint8_t *bytes, size_t size, struct troupe__membership *own)
{
    struct troupe__arena arena = {0};
    uint64_t version = 0, number = 0;
    const char *name = NULL, *directory = NULL;
    const void *secret = NULL;
    size_t secret_size = 0;
    int rc = unpack(bytes, size, &arena, "{s:U,s:U,s:s,s:s,s:B}", "version",
                    &version, "node", &number, "name", &name, "directory",
                    &directory, "secret", &secret, &secret_size);
    if (rc < 0 || number <= TROUPE__ROOT || number > TROUPE__PEER_MAX
        || !troupe__name_is_valid(name) || directory[0] != '/'
        || strlen(directory) >= sizeof own->directory
        || secret_size != sizeof own->secret) {
        rc = -EBADMSG;
    } else {
        own->number = (uint32_t) number;
        snprintf(own->name, sizeof own->name, "%s", name);
        snprintf(own->directory, sizeof own->directory, "%s", directory);
        memcpy(own->secret, secret, secret_size);
    }
    troupe__arena_free(&arena);
    return rc;
}

static int
adopt(struct troupe__membership *own)
{
    uint8_t hello[TROUPE__HELLO_MAX];
    size_t size = 0;
    int rc = troupe__process_adopt(hello, sizeof hello, &size);
    if (rc == 0)
        rc = read_hello(hello, size, own);
    explicit_bzero(hello, sizeof hello);
    return rc == -EMSGSIZE ? -EBADMSG : rc;
}

int
troupe_node_join(const troupe_options_t *options, troupe_t **ret_node)
{
    return troupe__node_join(options, NULL, NULL, ret_node);
}

int
troupe__node_join(const troupe_options_t *options, troupe__ready_fn ready,
                  void *data, troupe_t **ret_node)
{
    struct troupe__membership own = {0};
    troupe_t *node = NULL;
    CHECK(ret_node);
    if (options && options->nodes)
        return -EINVAL;
    int rc = adopt(&own);
    if (rc == 0)
        rc = troupe__node_new(options, &own, &node);
    explicit_bzero(&own, sizeof own);
    if (rc < 0)
        return rc;
    if (ready)
        rc = ready(node, data, &node->link->agent);
    if (rc == 0)
        rc = troupe__link_start(node);
    if (rc == 0)
        rc = troupe__link_wait_live(node, JOIN_MS);
    if (rc < 0)
        troupe_destroy(&node);
    else
        *ret_node = node;
    return rc;
}
