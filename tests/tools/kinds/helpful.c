/* SPDX-License-Identifier: Apache-2.0 */
/* helpful.c: kinds for the tests of the commands that look into a run. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <troupe.h>

/* clerk: tally: counts "add"; "total" answers, and "pid"; "fail" fails; "quit"
 * ends it, "exit" its process with that code; "never" never answers; "bytes"
 * answers with a binary; "block FILE" waits in its handler until the file is
 * there, as does a start with {wait: FILE}; one with {crash: true} ends its
 * process. Its start and stop write lines. */
struct clerk {
    int64_t total;
    troupe_token_t token;
};

/* Sleep until the directory of the file changes, and look again. */
static void
wait_for(const char *path)
{
    char events[4096];
    char *copy = path ? strdup(path) : NULL;
    int fd = copy ? inotify_init1(IN_CLOEXEC) : -1;
    bool watches =
        fd >= 0
        && inotify_add_watch(fd, dirname(copy), IN_CREATE | IN_MOVED_TO) >= 0;
    while (watches && access(path, F_OK) < 0)
        watches = read(fd, events, sizeof events) > 0;
    if (path && access(path, F_OK) < 0)
        fprintf(stderr, "helpful: %s cannot be waited for\n", path);
    if (fd >= 0)
        close(fd);
    free(copy);
}

static const char *
name_of(troupe_context_t *ctx, troupe_actor_stats_t *stats)
{
    if (troupe_actor_stats_get(troupe_context_node(ctx), troupe_self(ctx),
                               stats)
        < 0)
        return "?";
    return stats->name;
}

static int
clerk_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_actor_stats_t stats = {.kind = ""};
    const char *path = NULL;
    bool crashes = false;
    (void) state;
    (void) !troupe_unpack(msg, "{s?s, s?b}", "wait", &path, "crash", &crashes);
    wait_for(path);
    if (crashes) {
        fprintf(stderr, "the reactor is too hot\n");
        abort();
    }
    printf("start %s\n", name_of(ctx, &stats));
    fflush(stdout);
    return 0;
}

static void
clerk_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    troupe_actor_stats_t stats = {.kind = ""};
    const struct clerk *self = state;
    (void) reason;
    printf("stop %s %lld\n", name_of(ctx, &stats), (long long) self->total);
    fflush(stdout);
}

static int
clerk_add(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) msg;
    ((struct clerk *) state)->total++;
    return 0;
}

static int
clerk_total(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return troupe_reply(ctx, "{s:I}", "total", ((struct clerk *) state)->total);
}

static int
clerk_count(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return troupe_reply(ctx, "I", ++((struct clerk *) state)->total);
}

static int
clerk_fail(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_fail(ctx, -EIO, "on purpose");
}

static int
clerk_never(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return troupe_defer(ctx, &((struct clerk *) state)->token);
}

static int
clerk_bytes(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const void *body = NULL;
    size_t size = 0;
    (void) state;
    int rc = troupe_unpack(msg, "B", &body, &size);
    return rc < 0 ? troupe_reply_error(ctx, rc, "bytes wants a binary")
                  : troupe_reply(ctx, "[B, U]", body, size, UINT64_MAX);
}

static int
clerk_block(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const char *path = "";
    (void) ctx, (void) state;
    int rc = troupe_unpack(msg, "s", &path);
    if (rc == 0)
        wait_for(path);
    return rc;
}

static int
clerk_pid(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "i", (int) getpid());
}

static int
clerk_quit(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return TROUPE_STOP;
}

static int
clerk_exit(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int code = 0;
    (void) ctx, (void) state;
    (void) !troupe_unpack(msg, "i", &code);
    _exit(code);
}

TROUPE_KIND(clerk, struct clerk, TROUPE_ON_START(clerk_start),
            TROUPE_ON("pid", clerk_pid), TROUPE_ON("quit", clerk_quit),
            TROUPE_ON("exit", clerk_exit), TROUPE_ON_STOP(clerk_stop),
            TROUPE_ON("add", clerk_add), TROUPE_ON("tick", clerk_add),
            TROUPE_ON("total", clerk_total), TROUPE_ON("count", clerk_count),
            TROUPE_ON("fail", clerk_fail), TROUPE_ON("never", clerk_never),
            TROUPE_ON("bytes", clerk_bytes), TROUPE_ON("block", clerk_block));

TROUPE_KINDS(&clerk);
