/* SPDX-License-Identifier: Apache-2.0 */
/* topology_programs.c: actors that are programs: what they are started with. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/topology.h"

/* A supervisor's own bound; see troupe_isolation.h. */
enum { WORDS_MAX = 62 };

/* What an actor that is a program cannot have, and what there is instead. */
static const struct {
    const char *key, *cure;
} others[] = {
    {"kind", "an actor is of a kind or a program; take one of the two out"},
    {"arguments", "a program gets its arguments as words behind its name in "
                  "'program'"},
    {"groups", "a program joins no group; send to its name"},
    {"allow", "a program has to look at the sender itself; take it out"},
    {"place", "a program has a process of its own; take it out"},
    {"worker", "a program has a process of its own; take it out"},
    {"node", "a program has a process of its own; take it out"},
    {"poison", "nobody knows on which message a program ended; take it out"}};

/* 0, or a negative errno: it is no file that we may execute. */
static int
check_file(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EACCES;
    return access(path, X_OK) < 0 ? -errno : 0;
}

/* Where the shell would find it, to be freed; or NULL. */
static char *
find_in_path(const char *name)
{
    const char *at = getenv("PATH");
    for (at = at ? at : "/usr/bin:/bin"; at && *name;) {
        const char *end = strchr(at, ':');
        int size = end ? (int) (end - at) : (int) strlen(at);
        char *path = size > 0 ? troupe__format("%.*s/%s", size, at, name)
                              : troupe__format("./%s", name);
        if (check_file(path) == 0)
            return path;
        free(path);
        at = end ? end + 1 : NULL;
    }
    return NULL;
}

/* A path is looked for from the topology file's directory, as libraries are. */
static char *
find_program(const struct troupe__topology *self,
             const struct troupe__word *word, struct troupe__findings *findings)
{
    const char *name = word->text;
    bool is_path = strchr(name, '/') != NULL;
    bool is_whole = *name == '/' || strcmp(self->directory, ".") == 0;
    char *path = !is_path   ? find_in_path(name)
                 : is_whole ? troupe__copy(name, strlen(name))
                            : troupe__format("%s/%s", self->directory, name);
    int rc = is_path ? check_file(path) : 0;
    if (!path) {
        troupe__found(findings, word->spot,
                      "there is no program '%s' in PATH; install it, or give "
                      "its path",
                      name);
    } else if (rc == -EACCES) {
        troupe__found(findings, word->spot,
                      "'%s' cannot be executed; chmod +x it, or put what runs "
                      "it before it, as in [python3, %s]",
                      path, name);
    } else if (rc < 0) {
        troupe__found(findings, word->spot,
                      "there is no file '%s'; correct the path (it is looked "
                      "for from the topology file's directory)",
                      path);
    }
    return path;
}

static bool
is_script(const char *name)
{
    static const char *const ends[] = {".py", ".js",  ".mjs", ".rb",
                                       ".pl", ".lua", ".sh",  ".php"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof ends / sizeof *ends; i++)
        if (strcmp(dot, ends[i]) == 0)
            return true;
    return false;
}

/* What an interpreter is to run; it says less well what is wrong. */
static void
check_script(const struct troupe__words *words,
             struct troupe__findings *findings)
{
    size_t at = 1;
    while (at < words->count && words->items[at].text[0] == '-')
        at++;
    if (at >= words->count || !is_script(words->items[at].text)
        || access(words->items[at].text, R_OK) == 0)
        return;
    troupe__found(findings, words->items[at].spot,
                  "'%s' cannot be read: %s; correct the path, which begins "
                  "with ${TOPOLOGY_DIR} for a file beside this one",
                  words->items[at].text, strerror(errno));
}

static void
make_program(struct troupe__member *member, char *path)
{
    const struct troupe__words *words = &member->program_words;
    const char **argv = troupe__grab((words->count + 1) * sizeof *argv);
    for (size_t i = 0; i < words->count; i++)
        argv[i] = words->items[i].text;
    member->program = (troupe_program_t){.path = path, .argv = argv};
    member->spec.isolation = TROUPE_OWN_PROCESS;
    member->is_program = true;
}

static void
check_others(const struct troupe__value *value, const char *key,
             struct troupe__findings *findings)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct troupe__value *other =
            troupe__value_get(value, others[i].key);
        if (other) {
            troupe__found(findings, other->spot,
                          "actor '%s' has a 'program' and so no '%s': %s", key,
                          others[i].key, others[i].cure);
        }
    }
}

void
troupe__topology_program(const struct troupe__topology *self,
                         const struct troupe__value *value,
                         struct troupe__member *member,
                         struct troupe__findings *findings)
{
    const struct troupe__words *words = &member->program_words;
    const struct troupe__value *program = troupe__value_get(value, "program");
    const struct troupe__value *isolation =
        troupe__value_get(value, "isolation");
    if (!program) {
        if (value->type == TROUPE__MAP && !troupe__value_get(value, "kind")) {
            troupe__found(findings, value->spot,
                          "actor '%s' has no 'kind'; add one, or a 'program'",
                          member->key.text);
        }
        return;
    }
    check_others(value, member->key.text, findings);
    if (isolation && member->spec.isolation != TROUPE_OWN_PROCESS)
        troupe__found(findings, isolation->spot,
                      "a program has a process of its own; take it out");
    if (words->count == 0 || words->items[0].text[0] == '\0'
        || words->count > WORDS_MAX) {
        troupe__found(findings, program->spot,
                      "'program' wants 1 to %d words: what is run, and its "
                      "arguments, as in [python3, actor.py]",
                      WORDS_MAX);
        return;
    }
    make_program(member, find_program(self, &words->items[0], findings));
    check_script(words, findings);
}

void
troupe__topology_program_free(struct troupe__member *member)
{
    free((void *) (uintptr_t) member->program.path);
    free((void *) (uintptr_t) member->program.argv);
}
