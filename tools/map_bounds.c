/* SPDX-License-Identifier: Apache-2.0 */
/* map_bounds.c: options of `troupe map` that say when, how long, how often. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/map.h"

#define TIME_MAX  86400000u /* ms: a day */
#define COUNT_MAX 1000000000u
#define SHARE_MAX 100000 /* per cent of a median */
#define SEED_MAX  UINT64_C(1000000000000000000)

/* A number, maybe of per cent. */
static bool
read_share(const char *text, size_t most, uint32_t *ret_count,
           uint32_t *ret_percent)
{
    char copy[16] = "";
    size_t size = strlen(text), number = 0;
    bool is_share = size > 1 && text[size - 1] == '%';
    if (size >= sizeof copy)
        return false;
    memcpy(copy, text, size - (is_share ? 1 : 0));
    if (!troupe__read_number(copy, 1, is_share ? most : COUNT_MAX, &number))
        return false;
    *ret_count = is_share ? 0 : (uint32_t) number;
    *ret_percent = is_share ? (uint32_t) number : 0;
    return true;
}

static int
take_halt(struct troupe__map_arguments *ret)
{
    static const char *const on[] = {NULL, "fail=", "success=", "done="};
    troupe_map_halt_t *halt = &ret->options.halt;
    const char *comma = strchr(optarg, ',');
    bool now = strncmp(optarg, "now,", 4) == 0;
    bool ok = comma && (now || strncmp(optarg, "soon,", 5) == 0);
    halt->on = TROUPE_MAP_HALT_NEVER;
    for (unsigned i = 1; ok && i < sizeof on / sizeof *on; i++) {
        if (strncmp(comma + 1, on[i], strlen(on[i])) != 0)
            continue;
        halt->on = (troupe_map_halt_on_t) i;
        ok = read_share(comma + 1 + strlen(on[i]), 100, &halt->count,
                        &halt->percent);
    }
    halt->now = now;
    ret->policy = optarg;
    if (ok && halt->on != TROUPE_MAP_HALT_NEVER)
        return -1;
    return troupe__usage_error("map",
                               "--halt wants something like "
                               "now,fail=1 or soon,fail=10%%, not '%s'",
                               optarg);
}

static int
take_policy(struct troupe__map_arguments *ret)
{
    troupe_map_halt_t *halt = &ret->options.halt;
    size_t k = 1;
    ret->policy = optarg;
    ret->quorum = 0;
    if (strcmp(optarg, "collect") == 0) {
        halt->on = TROUPE_MAP_HALT_NEVER;
        return -1;
    }
    bool quorum = strncmp(optarg, "quorum:", 7) == 0;
    if (strcmp(optarg, "fail-fast") == 0)
        *halt = (troupe_map_halt_t){TROUPE_MAP_HALT_FAIL, true, 1, 0};
    else if (strcmp(optarg, "first") == 0
             || (quorum && troupe__read_number(optarg + 7, 1, COUNT_MAX, &k))) {
        *halt =
            (troupe_map_halt_t){TROUPE_MAP_HALT_SUCCESS, true, (uint32_t) k, 0};
    } else {
        return troupe__usage_error(
            "map", "--policy is collect, fail-fast, first or quorum:K");
    }
    ret->quorum = quorum ? (uint32_t) k : 0;
    return -1;
}

static int
take_timeout(struct troupe__map_arguments *ret)
{
    size_t ms = 0, size = strlen(optarg);
    uint32_t none = 0;
    if (size > 0 && optarg[size - 1] == '%') {
        if (read_share(optarg, SHARE_MAX, &none, &ret->options.timeout_percent))
            return -1;
    } else if (troupe__read_time(optarg, TIME_MAX, &ms)) {
        ret->options.timeout_ms = (uint32_t) ms;
        return -1;
    }
    return troupe__usage_error(
        "map", "--timeout wants a time such as 500ms or 2s, or 200%%");
}

static int
take_resource(struct troupe__map_arguments *ret)
{
    char *equals = strrchr(optarg, '=');
    size_t count = 0, size = equals ? (size_t) (equals - optarg) : 0;
    if (size == 0 || size > TROUPE_NAME_MAX || !troupe__is_text(optarg)
        || !troupe__read_number(equals + 1, 1, COUNT_MAX, &count))
        return troupe__usage_error("map",
                                   "--resource wants NAME=N, such as gpu=2");
    if (ret->resource_count == TROUPE__RESOURCES_MAX)
        return troupe__usage_error("map", "more than %d times --resource",
                                   TROUPE__RESOURCES_MAX);
    *equals = '\0';
    for (size_t i = 0; i < ret->resource_count; i++) {
        if (strcmp(ret->resources[i].name, optarg) == 0)
            return troupe__usage_error("map", "resource '%s' is given twice",
                                       optarg);
    }
    ret->resources[ret->resource_count++] =
        (troupe_map_resource_t){optarg, (uint32_t) count};
    ret->options.resources = ret->resources;
    ret->options.resource_count = ret->resource_count;
    return -1;
}

static int
take_load(struct troupe__map_arguments *ret)
{
    char *end = NULL;
    double load = strtod(optarg, &end);
    bool percent = *end == '%';
    if (end == optarg || end[percent ? 1 : 0] || !(load > 0)
        || load > COUNT_MAX)
        return troupe__usage_error("map", "--load wants a number, or N%%");
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    ret->options.load = percent ? load / 100 * (double) cores : load;
    return -1;
}

/* How often each task is done, and in what order they are begun. */
static int
take_order(int c, struct troupe__map_arguments *ret)
{
    size_t number = 0;
    ret->shuffles |= c == 's';
    if (c == 's')
        return -1;
    if (c == 'S') {
        ret->has_seed = true;
        if (troupe__read_number(optarg, 0, SEED_MAX, &number)) {
            ret->seed = number;
            return -1;
        }
        return troupe__usage_error("map", "--seed wants a number, to 10^18");
    }
    if (!troupe__read_number(optarg, 1, TROUPE_MAP_REPLICAS_MAX, &number))
        return troupe__usage_error("map", "--replicate wants a number, 1 to %d",
                                   TROUPE_MAP_REPLICAS_MAX);
    ret->options.replicas = (uint32_t) number;
    return -1;
}

int
troupe__map_take_bound(int c, struct troupe__map_arguments *ret)
{
    switch (c) {
    case 'e':
        return take_resource(ret);
    case 'o':
        return take_load(ret);
    case 't':
        return take_timeout(ret);
    case 'p':
        return take_policy(ret);
    case 'H':
        return take_halt(ret);
    default:
        return take_order(c, ret);
    }
}
