/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_file.c: a file of YAML, or of JSON, read into a tree of values. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/yaml.h"

#define FILE_MAX (1 << 20) /* bytes */

struct troupe__value *
troupe__yaml_read(const char *noun, struct troupe__findings *findings,
                  const char *(*variable)(void *data, const char *name),
                  void *data)
{
    FILE *file = fopen(findings->path, "re");
    char *text = troupe__grab(FILE_MAX + 1);
    size_t size = file ? fread(text, 1, FILE_MAX + 1, file) : 0;
    struct troupe__value *root = NULL;
    if (!file || ferror(file)) {
        troupe__found(findings, (struct troupe__spot){0, 0},
                      "%s; give the path of a %s file", strerror(errno), noun);
    } else if (size > FILE_MAX) {
        troupe__found(findings, (struct troupe__spot){0, 0},
                      "the file is over 1 MiB; that is no %s", noun);
    } else {
        root = troupe__yaml_parse(text, size, findings, variable, data);
    }
    if (file)
        fclose(file);
    free(text);
    return root;
}
