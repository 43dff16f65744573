/* SPDX-License-Identifier: Apache-2.0 */
/* interrupt.h: Ctrl-C once: what there is; twice: the end. */
#ifndef TROUPE_TOOLS_INTERRUPT_H
#define TROUPE_TOOLS_INTERRUPT_H

/* troupe__catch_interrupts: *ret_fd is readable after the first SIGINT or
 * SIGTERM; the second ends the program. Returns 0 or -errno; once. */
int troupe__catch_interrupts(int *ret_fd);

#endif
