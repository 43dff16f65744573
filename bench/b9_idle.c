/* SPDX-License-Identifier: Apache-2.0 */
/* b9_idle: bytes of an actor that has handled one message and is idle. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/common.h"

enum { ACTORS = 100000 };

static long
resident_kib(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    long resident = 0;
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "VmRSS:", 6) == 0)
            resident = strtol(line + 6, NULL, 10);
    if (status)
        fclose(status);
    return resident;
}

struct idler {
    int64_t seen;
};

static int
idler_hello(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct idler *self = state;
    int64_t number = 0;
    (void) ctx;
    int rc = troupe_unpack(msg, "I", &number);
    self->seen += number;
    return rc;
}

TROUPE_KIND(idler, struct idler, TROUPE_ON("hello", idler_hello));

struct spawner {
    int64_t left;
};

static int
spawner_more(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct spawner *self = state;
    troupe_spawn_options_t options = {.place = TROUPE_SPREAD};
    int rc = 0;
    (void) msg;
    for (int i = 0; rc == 0 && self->left > 0 && i < 1000; i++) {
        troupe_ref_t ref;
        rc = troupe_spawn(ctx, &idler, &options, &ref, NULL);
        if (rc == 0)
            rc = troupe_send(ctx, ref, "hello", "i", 1);
        self->left--;
    }
    if (rc == 0 && self->left > 0)
        rc = troupe_send(ctx, troupe_self(ctx), "more", NULL);
    return rc;
}

static int
spawner_start(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    struct spawner *self = state;
    int rc = troupe_unpack(args, "I", &self->left);
    return rc < 0 ? rc : spawner_more(ctx, state, args);
}

TROUPE_KIND(spawner, struct spawner, TROUPE_ON_START(spawner_start),
            TROUPE_ON("more", spawner_more));

static int
run(bool quick)
{
    int64_t count = quick ? ACTORS / 10 : ACTORS;
    troupe_kind_stats_t stats = {0};
    troupe_t *node = NULL;
    int rc = bench_node(0, &node);
    if (rc == 0)
        rc = troupe_settle(node, 10000);
    long before = resident_kib();
    if (rc == 0)
        rc = troupe_node_spawn(node, &spawner, NULL, NULL, "I", count);
    if (rc == 0)
        rc = troupe_settle(node, 60000);
    if (rc == 0)
        rc = troupe_kind_stats_get(node, &idler, &stats);
    if (rc == 0 && stats.handled < (uint64_t) count)
        rc = -EPROTO;
    long after = resident_kib();
    if (rc == 0)
        bench_result(NULL, (double) (after - before) * 1024 / (double) count,
                     "bytes/actor", count);
    troupe_destroy(&node);
    return rc;
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {{"default", run},
                                                    {NULL, NULL}};
    return bench_main(argc, argv, "B9", variants);
}
