/* SPDX-License-Identifier: Apache-2.0 */
/* decide_file.c: a decision in a file, and the places of what is wrong. */
#include "tools/decide_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_decide.h"

#include "tools/yaml.h"

struct places {
    const struct troupe__value *root;
    struct troupe__findings *findings;
};

/* One step of a JSON pointer (RFC 6901), unescaped; returns what follows. */
static const char *
take_step(const char *pointer, char *step, size_t size)
{
    size_t used = 0;
    for (pointer++; *pointer && *pointer != '/'; pointer++) {
        char c = *pointer;
        if (c == '~' && pointer[1]) {
            c = pointer[1] == '1' ? '/' : '~';
            pointer++;
        }
        if (used + 1 < size)
            step[used++] = c;
    }
    step[used] = '\0';
    return pointer;
}

/* The place of what a pointer leads to, or of the last that is there. */
static struct troupe__spot
find_spot(const struct troupe__value *value, const char *pointer, bool at_key)
{
    struct troupe__spot spot = value->spot;
    while (*pointer == '/') {
        char step[256];
        pointer = take_step(pointer, step, sizeof step);
        size_t index =
            value->type == TROUPE__LIST ? strtoul(step, NULL, 10) : 0;
        while (value->type == TROUPE__MAP && index < value->count
               && strcmp(value->keys[index]->text, step) != 0)
            index += 1;
        if (index >= value->count)
            return spot;
        bool key = at_key && !*pointer && value->type == TROUPE__MAP;
        spot = key ? value->keys[index]->spot : value->values[index]->spot;
        value = value->values[index];
    }
    return spot;
}

static void
on_problem(void *context, const char *pointer, bool at_key, const char *text)
{
    const struct places *self = context;
    troupe__found(self->findings, find_spot(self->root, pointer, at_key), "%s",
                  text);
}

int
troupe__decide_read(struct troupe__findings *findings, void **ret_bytes,
                    size_t *ret_size)
{
    struct troupe__value *root =
        troupe__yaml_read("decision", findings, NULL, NULL);
    void *bytes = NULL;
    size_t size = 0;
    int rc = root && findings->count == 0 ? 0 : -EINVAL;
    if (rc == 0)
        rc = troupe__value_pack(root, findings, &bytes, &size);
    if (rc == 0) {
        struct places places = {root, findings};
        troupe_decide_options_t options = troupe_decide_options_default();
        options.decision = bytes;
        options.decision_size = size;
        options.problem = on_problem;
        options.context = &places;
        rc = troupe_decide_check(&options);
    }
    troupe__value_free(root);
    if (rc < 0) {
        free(bytes);
        return rc;
    }
    *ret_bytes = bytes;
    *ret_size = size;
    return 0;
}
