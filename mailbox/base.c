/* SPDX-License-Identifier: Apache-2.0 */
/* base.c: errors, refs and reasons in words. */
#include "troupe_base.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mailbox/check.h"
#include "mailbox/ref.h"

const char *
troupe_strerror(int rc)
{
    if (rc == 0)
        return "no error";
    switch (-rc) {
#define AS_CASE(code, meaning)                                                 \
    case code:                                                                 \
        return meaning;
        TROUPE_ERRORS(AS_CASE)
#undef AS_CASE
    default:
        return rc < 0 ? strerrordesc_np(-rc) ? strerrordesc_np(-rc)
                                             : "unknown error"
                      : "not an error code";
    }
}

const char *
troupe_version(void)
{
    return TROUPE_VERSION;
}

const char *
troupe_ref_text(troupe_ref_t ref, char text[TROUPE_REF_TEXT])
{
    CHECK(text);
    if (ref.id == 0)
        snprintf(text, TROUPE_REF_TEXT, "<nobody>");
    else {
        snprintf(text, TROUPE_REF_TEXT, "<%u.%u.%u.%u>", troupe__ref_node(ref),
                 troupe__ref_worker(ref), troupe__ref_slot(ref),
                 troupe__ref_generation(ref));
    }
    return text;
}

int
troupe_ref_parse(const char *text, troupe_ref_t *ret_ref)
{
    char again[TROUPE_REF_TEXT];
    unsigned node = 0, worker = 0, slot = 0, generation = 0;
    CHECK(text && ret_ref);
    if (strlen(text) >= TROUPE_REF_TEXT
        || sscanf(text, "<%u.%u.%u.%u>", &node, &worker, &slot, &generation)
               != 4)
        return -EINVAL;
    /* Numbers out of range come back as others. */
    troupe_ref_t ref = troupe__ref_make(node, worker, generation, slot);
    if (strcmp(troupe_ref_text(ref, again), text) != 0)
        return -EINVAL;
    *ret_ref = ref;
    return 0;
}

const char *
troupe_exit_name(troupe_exit_t kind)
{
    static const char *const names[] = {
        [TROUPE_EXIT_NORMAL] = "normal",
        [TROUPE_EXIT_SHUTDOWN] = "shutdown",
        [TROUPE_EXIT_KILLED] = "killed",
        [TROUPE_EXIT_ERROR] = "error",
        [TROUPE_EXIT_IGNORE] = "ignore",
        [TROUPE_EXIT_NOPROC] = "noproc",
        [TROUPE_EXIT_NOCONNECTION] = "noconnection",
    };
    size_t count = sizeof names / sizeof *names;
    return (size_t) kind < count ? names[kind] : "unknown";
}
