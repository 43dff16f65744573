/* SPDX-License-Identifier: Apache-2.0 */
/* faults.c: --fail NAME[:N], as the commands that run a pipeline read it. */
#include "tools/faults.h"

#include <stdint.h>
#include <string.h>

#include "tools/commands.h"

int
troupe__take_fault(const char *command, const char *text,
                   struct troupe__faults *faults)
{
    const char *colon = strchr(text, ':');
    size_t size = colon ? (size_t) (colon - text) : strlen(text);
    size_t times = UINT32_MAX;
    if (faults->count == TROUPE__FAULTS_MAX)
        return troupe__usage_error(command, "more than %d times --fail",
                                   TROUPE__FAULTS_MAX);
    if (size == 0 || size >= TROUPE__FAULT_NAME_MAX
        || (colon && !troupe__read_number(colon + 1, 1, 1000, &times)))
        return troupe__usage_error(
            command, "--fail wants NAME or NAME:N with N from 1 to 1000");
    char *name = faults->names[faults->count];
    memcpy(name, text, size);
    name[size] = '\0';
    faults->items[faults->count++] =
        (troupe_research_fault_t){.name = name, .times = (uint32_t) times};
    return -1;
}
