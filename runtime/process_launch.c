/* SPDX-License-Identifier: Apache-2.0 */
/* process_launch.c: what a child is to be started with, copied and checked. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mailbox/check.h"
#include "runtime/process_adopt.h"
#include "runtime/process_self.h"

/* The numbers that process_spawn.c gives to the two. */
static const char *const told[] = {TROUPE__LIFELINE_ENV "=3",
                                   TROUPE__HELLO_ENV "=4"};

static size_t
count_of(const char *const *list)
{
    size_t count = 0;
    while (list && list[count])
        count++;
    return count;
}

/* Of the list, or of the one text where there is none. */
static char **
copy_of(const char *const *list, const char *alone)
{
    size_t count = count_of(list);
    char **copy = troupe__alloc((count + 2) * sizeof *copy);
    if (!list)
        copy[0] = troupe__strdup(alone);
    for (size_t i = 0; i < count; i++)
        copy[i] = troupe__strdup(list[i]);
    return copy;
}

/* True when both "NAME=VALUE" have the same name. */
static bool
same_name(const char *one, const char *other)
{
    size_t size = strcspn(one, "=");
    return strncmp(one, other, size) == 0 && other[size] == '=';
}

static bool
is_named_in(const char *const *list, size_t count, const char *variable)
{
    for (size_t i = 0; i < count; i++)
        if (same_name(list[i], variable))
            return true;
    return false;
}

/* czmq lets ZSYS_* override what a program says; see zsys(3). */
static bool
is_inherited(const char *variable)
{
    return strncmp(variable, "ZSYS_", 5) != 0 && !is_named_in(told, 2, variable)
           && strchr(variable, '=') != NULL;
}

char **
troupe__launch_base_env(void)
{
    size_t count = count_of((const char *const *) environ);
    char **env = troupe__alloc((count + 1) * sizeof *env);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (is_inherited(environ[i]))
            env[kept++] = troupe__strdup(environ[i]);
    return env;
}

void
troupe__launch_env_free(char **env)
{
    for (size_t i = 0; env && env[i]; i++)
        free(env[i]);
    free(env);
}

/* Later ones win: ours, then the spec's, then what troupe__process_adopt()
 * looks for. */
static char **
full_env(const char *const *extra, char *const *base, bool has_hello)
{
    size_t extra_count = count_of(extra);
    size_t base_count = count_of((const char *const *) base);
    char **env = troupe__alloc((base_count + extra_count + 3) * sizeof *env);
    size_t count = 0;
    for (size_t i = 0; i < base_count; i++)
        if (!is_named_in(extra, extra_count, base[i]))
            env[count++] = troupe__strdup(base[i]);
    for (size_t i = 0; i < extra_count; i++)
        env[count++] = troupe__strdup(extra[i]);
    env[count++] = troupe__strdup(told[0]);
    if (has_hello)
        env[count++] = troupe__strdup(told[1]);
    return env;
}

static bool
is_valid(const struct troupe__process_spec *spec)
{
    if (!spec || !spec->name || !*spec->name || !spec->path || !*spec->path)
        return false;
    if (spec->hello_size > TROUPE__HELLO_MAX
        || (spec->hello_size > 0 && !spec->hello))
        return false;
    if (spec->argv && !spec->argv[0])
        return false;
    for (size_t i = 0; spec->env && spec->env[i]; i++) {
        const char *variable = spec->env[i];
        const char *equals = strchr(variable, '=');
        if (!equals || equals == variable || is_named_in(told, 2, variable))
            return false;
    }
    return true;
}

int
troupe__launch_init(struct troupe__launch *self,
                    const struct troupe__process_spec *spec,
                    char *const *base_env)
{
    if (!is_valid(spec))
        return -EINVAL;
    *self = (struct troupe__launch){.hello_size = spec->hello_size,
                                    .may_fork = spec->may_fork};
    self->name = troupe__strdup(spec->name);
    self->path = troupe__strdup(spec->path);
    if (spec->directory)
        self->directory = troupe__strdup(spec->directory);
    if (spec->oom_file)
        self->oom_file = troupe__strdup(spec->oom_file);
    self->argv = copy_of(spec->argv, spec->path);
    self->env = full_env(spec->env, base_env, spec->hello_size > 0);
    if (spec->hello_size > 0) {
        self->hello = troupe__alloc(spec->hello_size);
        memcpy(self->hello, spec->hello, spec->hello_size);
    }
    return 0;
}

void
troupe__launch_free(struct troupe__launch *self)
{
    free(self->name);
    free(self->path);
    free(self->directory);
    free(self->oom_file);
    troupe__launch_env_free(self->argv);
    troupe__launch_env_free(self->env);
    if (self->hello) {
        explicit_bzero(self->hello, self->hello_size);
        free(self->hello);
    }
    *self = (struct troupe__launch){0};
}
