/* SPDX-License-Identifier: Apache-2.0 */
/* engine_file.h: the file that says which search engines of the web there are;
 * see WEB.md. */
#ifndef TROUPE_TOOLS_ENGINE_FILE_H
#define TROUPE_TOOLS_ENGINE_FILE_H

#include "troupe_web.h"

#include "tools/topology.h"

/* One engine of the file; `engine` points into it. */
struct troupe__engine_entry {
    struct troupe__word key; /* its name */
    struct troupe__word kind, url, method, key_env, key_header;
    struct troupe__word results, title, link, text;
    struct troupe__words headers;
    uint32_t timeout_ms, size_max, requests, attempts;
    const char **parameters; /* name and value in turn */
    const char **header_texts;
    char *body;
    troupe_web_engine_t engine;
};

struct troupe__engine_file {
    struct troupe__value *root;
    struct troupe__engine_entry *entries;
    size_t count;
};

/*
 * troupe__engine_file_read: read and check it, and that the keys are set.
 *
 *   findings  begins with its path; what is wrong is added.
 *   returns   0 or -EINVAL; ret_file is to be freed either way
 */
int troupe__engine_file_read(struct troupe__findings *findings,
                             struct troupe__engine_file *ret_file);
void troupe__engine_file_free(struct troupe__engine_file *self);

/* troupe__engine_file_find: the engine of a name, or NULL. */
const troupe_web_engine_t *
troupe__engine_file_find(const struct troupe__engine_file *self,
                         const char *name);

#endif
