/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h: looks at the machine for what will hurt. */
#ifndef TROUPE_TOOLS_DOCTOR_H
#define TROUPE_TOOLS_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

enum troupe__health {
    TROUPE__HEALTH_OK,
    TROUPE__HEALTH_NOTE, /* good to know; nothing breaks */
    TROUPE__HEALTH_BAD   /* will hurt */
};

/* One thing that was looked at; its text ends with the cure, if it is bad. */
struct troupe__symptom {
    enum troupe__health health;
    const char *what; /* "descriptors" */
    char *text;
};

struct troupe__report {
    struct troupe__symptom *items;
    size_t count;
};

/* troupe__report_add: one more line. */
void troupe__report_add(struct troupe__report *self, enum troupe__health health,
                        const char *what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

void troupe__report_free(struct troupe__report *self);

/* What is looked at; each adds at least one line. */
void troupe__look_at_versions(struct troupe__report *report);
void troupe__look_at_cores(struct troupe__report *report);
void troupe__look_at_descriptors(struct troupe__report *report);

/* troupe__look_at_sockets: socket files of Troupe's that nobody listens at, in
 * `directory` and three deep in its directories called troupe*; a line for each
 * directory with some, of the first ten. */
void troupe__look_at_sockets(struct troupe__report *report,
                             const char *directory);

#endif
