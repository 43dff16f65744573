/* SPDX-License-Identifier: Apache-2.0 */
/* template.h: the files that `troupe new` writes; from tools/template/. */
#ifndef TROUPE_TOOLS_TEMPLATE_H
#define TROUPE_TOOLS_TEMPLATE_H

#include <stddef.h>

/*
 * In name and text, @NAME@ stands for the name of the project, @ID@ for the
 * same as a C identifier, and @VERSION@ for the version of Troupe.
 */
struct troupe__template {
    const char *name;
    const char *text;
};

/* Ended by a name of NULL. */
extern const struct troupe__template troupe__templates[];

#endif
