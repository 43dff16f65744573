/* SPDX-License-Identifier: Apache-2.0 */
/* mock_server.h: `troupe mock` as a child of a test. */
#ifndef TROUPE_TESTS_MOCK_SERVER_H
#define TROUPE_TESTS_MOCK_SERVER_H

#include <stdbool.h>

/* mock_begin: start it; false when it does not come up; its web may have the
 * pages of a directory. mock_url: its base URL. mock_end: end it, and wait for
 * that. */
bool mock_begin(void);
bool mock_begin_with_pages(const char *directory);
const char *mock_url(void);
void mock_end(void);

#endif
