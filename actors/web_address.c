/* SPDX-License-Identifier: Apache-2.0 */
/* web_address.c: addresses of the web, so that equal pages have equal ones. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actors/http.h"
#include "actors/web.h"
#include "mailbox/check.h"

bool
troupe__web_is_page(const char *path)
{
    return strncasecmp(path, "http://", 7) == 0
           || strncasecmp(path, "https://", 8) == 0;
}

const char *
troupe__web_host(const char *path, size_t *ret_size)
{
    *ret_size = 0;
    if (!troupe__web_is_page(path))
        return "";
    const char *host = strstr(path, "//") + 2;
    *ret_size = strcspn(host, "/?#");
    if (*ret_size > 4 && strncasecmp(host, "www.", 4) == 0) {
        *ret_size -= 4;
        host += 4;
    }
    return host;
}

/* The parameters that say only where a reader came from. */
static void
drop_tracking(CURLU *url)
{
    char *query = NULL, *rest = NULL;
    struct troupe__text kept = {0};
    if (curl_url_get(url, CURLUPART_QUERY, &query, 0) != CURLUE_OK)
        return;
    for (char *part = strtok_r(query, "&", &rest); part;
         part = strtok_r(NULL, "&", &rest)) {
        if (strncasecmp(part, "utm_", 4) == 0
            || strncasecmp(part, "fbclid=", 7) == 0
            || strncasecmp(part, "gclid=", 6) == 0)
            continue;
        troupe__text_puts(&kept, kept.size > 0 ? "&" : "");
        troupe__text_puts(&kept, part);
    }
    (void) curl_url_set(url, CURLUPART_QUERY, kept.size > 0 ? kept.data : NULL,
                        0);
    curl_free(query);
    troupe__text_free(&kept);
}

static bool
tidy_host(CURLU *url)
{
    char *host = NULL;
    if (curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return false;
    for (char *at = host; *at; at++)
        *at = (char) tolower((unsigned char) *at);
    CURLUcode code = curl_url_set(url, CURLUPART_HOST, host, 0);
    curl_free(host);
    return code == CURLUE_OK;
}

static char *
tidy(CURLU *url)
{
    char *whole = NULL, *text = NULL;
    (void) curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
    (void) curl_url_set(url, CURLUPART_USER, NULL, 0);
    (void) curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
    drop_tracking(url);
    if (!tidy_host(url)
        || curl_url_get(url, CURLUPART_URL, &whole, CURLU_NO_DEFAULT_PORT)
               != CURLUE_OK)
        return NULL;
    if (troupe__web_is_page(whole) && strlen(whole) <= WEB_URL_MAX
        && troupe__utf8_is_valid(whole, strlen(whole)))
        text = troupe__strdup(whole);
    curl_free(whole);
    return text;
}

char *
troupe__web_address(const char *address)
{
    CHECK(address);
    size_t size = strlen(address);
    if (!troupe__web_is_page(address) || size > WEB_URL_MAX
        || !troupe__utf8_is_valid(address, size))
        return NULL;
    CURLU *url = curl_url();
    char *text = NULL;
    if (!url)
        troupe__out_of_memory(size);
    if (curl_url_set(url, CURLUPART_URL, address, CURLU_URLENCODE) == CURLUE_OK)
        text = tidy(url);
    curl_url_cleanup(url);
    return text;
}
