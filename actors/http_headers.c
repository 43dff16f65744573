/* SPDX-License-Identifier: Apache-2.0 */
/* http_headers.c: the headers of a request, which may be secret. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actors/http.h"
#include "mailbox/check.h"

void
troupe__http_header(struct http_transfer *self, const char *name,
                    const char *value)
{
    struct troupe__text header = {0};
    troupe__text_printf(&header, "%s%s", name, value);
    struct curl_slist *list = curl_slist_append(self->headers, header.data);
    if (!list)
        troupe__out_of_memory(header.size);
    self->headers = list;
    explicit_bzero(header.data, header.size); /* it may be a key */
    troupe__text_free(&header);
}

int
troupe__http_headers(struct http_transfer *self, const char *list)
{
    int rc = 0;
    for (const char *at = list; *at && rc == 0;) {
        size_t size = strcspn(at, ",");
        const char *equals = memchr(at, '=', size);
        struct troupe__text name = {0};
        char *value = NULL;
        if (equals) {
            const char *from = equals + 1;
            troupe__text_printf(&name, "%.*s: ", (int) (equals - at), at);
            value = curl_easy_unescape(self->easy, from,
                                       (int) (at + size - from), NULL);
        }
        if (!value || strpbrk(value, "\r\n") || strpbrk(name.data, "\r\n"))
            rc = -EINVAL;
        else
            troupe__http_header(self, name.data, value);
        curl_free(value);
        troupe__text_free(&name);
        at += size + (at[size] == ',');
    }
    return rc;
}

void
troupe__http_headers_free(struct http_transfer *self)
{
    for (struct curl_slist *it = self->headers; it; it = it->next)
        explicit_bzero(it->data, strlen(it->data));
    curl_slist_free_all(self->headers);
    self->headers = NULL;
}
