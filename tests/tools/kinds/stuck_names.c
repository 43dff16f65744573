/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stuck_names.c: a resolver that answers nothing for a minute, as one does whose
 * servers are gone; for LD_PRELOAD. Names of this machine are found.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <stddef.h>

#define STUCK_MS 60000

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
__attribute__((visibility("default"))) int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
            struct addrinfo **ret)
{
    (void) node, (void) service, (void) hints;
    *ret = NULL;
    (void) poll(NULL, 0, STUCK_MS);
    return EAI_AGAIN;
}
