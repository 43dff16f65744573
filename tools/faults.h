/* SPDX-License-Identifier: Apache-2.0 */
/* faults.h: --fail NAME[:N], as the commands that run a pipeline read it. */
#ifndef TROUPE_TOOLS_FAULTS_H
#define TROUPE_TOOLS_FAULTS_H

#include <stddef.h>

#include "troupe_research.h"

#define TROUPE__FAULTS_MAX     16
#define TROUPE__FAULT_NAME_MAX 32

/* {0} has none; the items point into it: it must not be moved. */
struct troupe__faults {
    troupe_research_fault_t items[TROUPE__FAULTS_MAX];
    char names[TROUPE__FAULTS_MAX][TROUPE__FAULT_NAME_MAX];
    size_t count;
};

/* troupe__take_fault: -1 to go on, or an exit code after having said why. */
int troupe__take_fault(const char *command, const char *text,
                       struct troupe__faults *faults);

#endif
