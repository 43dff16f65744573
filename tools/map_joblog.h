/* SPDX-License-Identifier: Apache-2.0 */
/* map_joblog.h: the commands of tasks, until the log of jobs names them. */
#ifndef TROUPE_TOOLS_MAP_JOBLOG_H
#define TROUPE_TOOLS_MAP_JOBLOG_H

#include "tools/map.h"

/* troupe__map_note: what the next task does, where there is a log. _noted: that of
 * a task, or "". _forget: its line is written. */
void troupe__map_note(struct troupe__map_input *self,
                      const troupe_map_task_t *task, const char *line,
                      size_t size);
const char *troupe__map_noted(const struct troupe__map_input *self,
                              uint64_t number);
void troupe__map_forget(struct troupe__map_input *self, uint64_t number);

#endif
