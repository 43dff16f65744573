/* SPDX-License-Identifier: Apache-2.0 */
/* topology_names.c: names and groups: are they good, and is each there once? */
#include <stdlib.h>
#include <string.h>

#include "tools/topology.h"

struct name {
    char text[TROUPE_NAME_MAX + 1];
    struct troupe__spot spot;
};

static bool
check_name(const struct troupe__word *word, const char *what, size_t max,
           struct troupe__findings *findings)
{
    size_t size = strlen(word->text);
    bool is_good = size >= 1 && size <= max;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char) word->text[i] < ' ' || word->text[i] == 0x7f)
            is_good = false;
    if (!is_good) {
        troupe__found(findings, word->spot,
                      "the %s must have 1 to %zu bytes and no control "
                      "characters; choose another",
                      what, max);
    }
    return is_good;
}

/* Of several actors each is called NAME-1, NAME-2 and so on. */
static size_t
room_for(const struct troupe__member *member)
{
    size_t room = TROUPE_NAME_MAX;
    for (uint32_t count = member->count > 1 ? member->count : 0; count > 0;
         count /= 10)
        room--;
    return member->count > 1 ? room - 1 : room;
}

static int
by_name(const void *one, const void *other)
{
    const struct name *a = one, *b = other;
    int order = strcmp(a->text, b->text);
    if (order != 0)
        return order;
    if (a->spot.line != b->spot.line)
        return a->spot.line < b->spot.line ? -1 : 1;
    return a->spot.column < b->spot.column ? -1 : 1;
}

static void
find_equal(struct name *names, size_t count, struct troupe__findings *findings)
{
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 1; i < count; i++) {
        const struct name *first = &names[i - 1], *second = &names[i];
        if (strcmp(first->text, second->text) != 0)
            continue;
        if (first->spot.line == 0) {
            troupe__found(findings, second->spot,
                          "the name '%s' is the root supervisor's; choose "
                          "another",
                          second->text);
        } else {
            troupe__found(findings, second->spot,
                          "the name '%s' is taken in line %zu; choose another",
                          second->text, first->spot.line);
        }
    }
}

static void
check_groups(const struct troupe__member *member,
             struct troupe__findings *findings)
{
    for (size_t i = 0; i < member->groups.count; i++)
        (void) check_name(&member->groups.items[i], "name of a group",
                          TROUPE_NAME_MAX, findings);
}

void
troupe__topology_names(struct troupe__topology *self,
                       struct troupe__findings *findings)
{
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < self->member_count; i++)
        capacity += self->members[i].count;
    struct name *names = troupe__grab(capacity * sizeof *names);
    for (size_t i = 0; i < self->member_count; i++) {
        const struct troupe__member *member = &self->members[i];
        const struct troupe__word *word =
            member->name.text ? &member->name : &member->key;
        check_groups(member, findings);
        if (i > 0
            && (!check_name(&member->key, "name", TROUPE_NAME_MAX, findings)
                || !check_name(word, "name", room_for(member), findings)))
            continue;
        for (size_t j = 0; j < member->count; j++, count++) {
            troupe__member_name(member, j, names[count].text);
            if (i > 0)
                names[count].spot = word->spot;
        }
    }
    find_equal(names, count, findings);
    free(names);
}
