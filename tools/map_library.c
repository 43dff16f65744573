/* SPDX-License-Identifier: Apache-2.0 */
/* map_library.c: the functions of shared objects, for `troupe map`. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_isolation.h"

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/map.h"

static int
fail(const char *path, const char *why)
{
    fprintf(stderr, "troupe map: --library %s: %s\n", path, why);
    return TROUPE__EXIT_USAGE;
}

static bool
is_same_version(const char *version)
{
    unsigned major = 0, minor = 0;
    return version && sscanf(version, "%u.%u.", &major, &minor) == 2
           && major == TROUPE_VERSION_MAJOR && minor == TROUPE_VERSION_MINOR;
}

/* It stays loaded: its kinds must outlive the node. */
static int
load(const char *path, troupe_t *node)
{
    char *file = strchr(path, '/') ? troupe__copy(path, strlen(path))
                                   : troupe__format("./%s", path);
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    free(file);
    if (!handle)
        return fail(path, dlerror());
    const troupe_kinds_t *kinds = dlsym(handle, "troupe_kinds");
    if (!kinds || !kinds->kinds) {
        return fail(path, "it has no symbol 'troupe_kinds'; put "
                          "TROUPE_KINDS(&one, &other); into one of its files "
                          "(troupe_kind.h)");
    }
    if (!is_same_version(kinds->version))
        return fail(path, "it was built with another version of Troupe; build "
                          "it again");
    for (const troupe_kind_t *const *kind = kinds->kinds; *kind; kind++) {
        int rc = troupe_kind_register(node, *kind);
        if (rc < 0) {
            return fail(path, rc == -EEXIST
                                  ? "another library has a kind of that name"
                                  : troupe_strerror(rc));
        }
    }
    return -1;
}

/* `troupe node` reads a topology, and offers what its libraries have. */
static bool
write_topology(const struct troupe__map_arguments *arguments, FILE *out)
{
    fputs("libraries:\n", out);
    for (size_t i = 0; i < arguments->library_count; i++) {
        char *path = realpath(arguments->libraries[i], NULL);
        json_t *text = path ? json_string(path) : NULL;
        fputs("  - ", out);
        if (text)
            json_dumpf(text, out, JSON_ENCODE_ANY);
        fputs("\n", out);
        json_decref(text);
        free(path);
    }
    fputs("actors: {map: {kind: troupe_map}}\n", out);
    return fflush(out) == 0;
}

/* The file is unlinked at the end; until then each process reads it. */
int
troupe__map_isolate(const struct troupe__map_arguments *arguments,
                    troupe_t *node, char **ret_file)
{
    const char *base = getenv("TMPDIR");
    char *file = troupe__format("%s/troupe-map-XXXXXX",
                                base && *base == '/' ? base : "/tmp");
    int fd = mkstemp(file);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    bool written = out && write_topology(arguments, out);
    const char *argv[] = {"troupe", "node", file, NULL};
    const troupe_program_t program = {.argv = argv};
    int rc = written ? troupe_isolation_begin(node, &program) : -errno;
    if (out)
        fclose(out);
    *ret_file = file;
    if (rc == 0)
        return -1;
    fprintf(stderr, "troupe map: --mode process: %s\n", troupe_strerror(rc));
    return TROUPE__EXIT_FAILED;
}

int
troupe__map_libraries(const struct troupe__map_arguments *arguments,
                      troupe_t *node)
{
    int code = -1;
    for (size_t i = 0; i < arguments->library_count && code < 0; i++)
        code = load(arguments->libraries[i], node);
    const troupe_kind_t *kind = NULL;
    if (code < 0 && arguments->fn
        && troupe_kind_find(node, arguments->fn, &kind) < 0)
        return troupe__usage_error(
            "map", "--fn: no --library offers a kind '%s'", arguments->fn);
    return code;
}
