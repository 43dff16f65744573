/* SPDX-License-Identifier: Apache-2.0 */
/* http_transfer.c: one HTTP call: its request, its bytes, its faults. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actors/http.h"
#include "actors/web.h"
#include "mailbox/check.h"

#define SIZE_MAX_DEFAULT (4u << 20)
#define CONNECT_MS       10000L
#define IDLE_SECONDS     120L /* without a byte, where no deadline is sooner */
#define SERVER_BUSY      503
#define TOO_MANY         429
#define TYPE_SIZE        80

void
troupe__http_type(const struct http_transfer *self, char *ret, size_t size)
{
    const char *type = NULL;
    (void) curl_easy_getinfo(self->easy, CURLINFO_CONTENT_TYPE, &type);
    size_t length = type ? strcspn(type, "; \t") : 0;
    (void) snprintf(ret, size, "%.*s", (int) length, type ? type : "");
    for (char *at = ret; *at; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char) (*at + 32) : *at;
}

static bool
type_is_wanted(const struct http_transfer *self)
{
    char type[TYPE_SIZE];
    troupe__http_type(self, type, sizeof type);
    size_t size = strlen(type);
    const char *at = self->types;
    for (; size > 0 && (at = strstr(at, type)); at++) {
        bool begins = at == self->types || at[-1] == ' ';
        if (begins && (at[size] == '\0' || at[size] == ' '))
            return true;
    }
    return false;
}

static size_t
on_bytes(char *bytes, size_t one, size_t count, void *data)
{
    struct http_transfer *self = data;
    size_t size = one * count;
    long status = 0;
    (void) curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &status);
    self->size += size;
    self->too_large = self->size > self->size_max;
    bool good = status >= 200 && status < 300;
    self->wrong_type |= good && self->types && !type_is_wanted(self);
    if (self->too_large || self->wrong_type)
        return 0;
    int taken = self->take ? self->take(self, bytes, size) : 0;
    self->bad = taken < 0;
    if (taken == 0)
        troupe__text_put(&self->received, bytes, size);
    return self->bad ? 0 : size;
}

static bool
is_loopback(const char *url)
{
    return strncmp(url, "http://127.", 11) == 0
           || strncmp(url, "http://localhost", 16) == 0
           || strncmp(url, "http://[::1]", 12) == 0;
}

/* What no page of the web is at: this machine, its network, its cloud's
 * services (RFC 6890), and nothing that is not IP. */
static bool
is_private_v4(uint32_t address)
{
    static const struct {
        uint32_t net;
        unsigned bits;
    } nets[] = {{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10},
                {0x7f000000, 8},  {0xa9fe0000, 16}, {0xac100000, 12},
                {0xc0000000, 24}, {0xc0a80000, 16}, {0xc6120000, 15},
                {0xe0000000, 4},  {0xf0000000, 4}};
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        if ((address ^ nets[i].net) >> (32 - nets[i].bits) == 0)
            return true;
    return false;
}

static bool
is_private(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in it;
        memcpy(&it, address, sizeof it);
        return is_private_v4(ntohl(it.sin_addr.s_addr));
    }
    if (address->sa_family != AF_INET6)
        return true;
    struct sockaddr_in6 it;
    memcpy(&it, address, sizeof it);
    const uint8_t *b = it.sin6_addr.s6_addr;
    static const uint8_t translated[12] = {0, 0x64, 0xff, 0x9b};
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(b, mapped, 12) == 0 || memcmp(b, translated, 12) == 0)
        return is_private_v4((uint32_t) b[12] << 24 | (uint32_t) b[13] << 16
                             | (uint32_t) b[14] << 8 | b[15]);
    return (b[0] & 0xe0) != 0x20           /* no global unicast: 2000::/3 */
           || (b[0] == 0x20 && b[1] == 2); /* 6to4 may lead anywhere */
}

/* Where a name or a redirect leads is known here, and not before. */
static curl_socket_t
on_open(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_transfer *self = data;
    (void) purpose;
    if (is_private(&address->addr)) {
        self->is_private = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}

static void
set_body(struct http_transfer *self, const struct http_request *request)
{
    CURL *easy = self->easy;
    if (request->body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t) strlen(self->body));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, self->body);
        /* No waiting for "100 Continue". */
        troupe__http_header(self, "Expect:", "");
    }
    if (request->method)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void
set_bounds(struct http_transfer *self, const struct http_request *request)
{
    CURL *easy = self->easy;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request->redirects > 0);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, request->redirects);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
                     (curl_off_t) self->size_max);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, IDLE_SECONDS);
    if (request->timeout_ms > 0)
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) request->timeout_ms);
    if (request->compressed)
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    if (request->public_only) {
        /* A proxy would look names up where nobody checks them. */
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, self);
    } else if (is_loopback(request->url)) {
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    }
}

static void
set_options(struct http_transfer *self, const struct http_request *request)
{
    CURL *easy = self->easy;
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    set_body(self, request);
    set_bounds(self, request);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, self->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, self);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, self);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, self->error);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* libcurl reads the file of authorities once for all connections, but anew
     * for each where it has a folder of them as well, which the file is made
     * of: that takes longer than all else of a connection. */
    const curl_version_info_data *about = curl_version_info(CURLVERSION_NOW);
    if (about->age >= CURLVERSION_EIGHTH && about->cainfo)
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* A transfer that ends while its name is looked up would otherwise wait for
     * the resolver's thread, and with it all that runs on our worker. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
}

static int
refuse(struct http_outcome *ret, const char *words, const char *name)
{
    *ret = (struct http_outcome){.fault = TROUPE_FAULT_PERMANENT};
    (void) snprintf(ret->words, sizeof ret->words, "%s%s", words, name);
    return -EINVAL;
}

int
troupe__http_new(const struct http_request *request, size_t size,
                 struct http_outcome *ret_outcome,
                 struct http_transfer **ret_transfer)
{
    CHECK(request->url && size >= sizeof(struct http_transfer));
    const char *key = request->key_env ? getenv(request->key_env) : NULL;
    if (request->key_env && (!key || !*key)) {
        return refuse(ret_outcome,
                      "its key is missing: set the environment variable ",
                      request->key_env);
    }
    const char *more =
        request->headers_env ? getenv(request->headers_env) : NULL;
    if (key && strpbrk(key, "\r\n"))
        return refuse(ret_outcome, "there is an end of line in ",
                      request->key_env);
    struct http_transfer *self = troupe__alloc(size);
    self->body = request->body ? troupe__strdup(request->body) : NULL;
    self->types = request->types ? troupe__strdup(request->types) : NULL;
    self->size_max = request->size_max ? request->size_max : SIZE_MAX_DEFAULT;
    self->easy = curl_easy_init();
    if (!self->easy)
        troupe__out_of_memory(sizeof *self);
    for (size_t i = 0; i < request->header_count; i++)
        troupe__http_header(self, request->headers[i], "");
    if (key) {
        self->key = troupe__strdup(key);
        troupe__http_header(self,
                            request->key_header ? request->key_header
                                                : "Authorization: Bearer ",
                            key);
    }
    if (more && troupe__http_headers(self, more) < 0) {
        troupe__http_destroy(&self);
        return refuse(ret_outcome,
                      "not a list of name=value: ", request->headers_env);
    }
    set_options(self, request);
    *ret_transfer = self;
    return 0;
}

static troupe_fault_t
fault_of_code(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return TROUPE_FAULT_TIMEOUT;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_TOO_MANY_REDIRECTS:
        return TROUPE_FAULT_PERMANENT;
    default:
        return TROUPE_FAULT_TRANSIENT;
    }
}

/* A server that echoes a key must not bring it into our words. */
static void
hide_key(const struct http_transfer *self, char *words)
{
    size_t size = self->key ? strlen(self->key) : 0;
    for (char *at = words; size > 0 && (at = strstr(at, self->key)); at += size)
        memset(at, '*', size);
    /* Words are cut somewhere: the key may be. */
    size_t length = strlen(words);
    for (size_t part = size < length ? size : length; part > 3; part--) {
        char *tail = words + length - part;
        if (memcmp(tail, self->key, part) == 0)
            memset(tail, '*', part);
    }
}

void
troupe__http_tidy(const struct http_transfer *self,
                  struct http_outcome *outcome)
{
    hide_key(self, outcome->words);
    if (!troupe__utf8_is_valid(outcome->words, strlen(outcome->words)))
        (void) snprintf(outcome->words, sizeof outcome->words, "HTTP %ld",
                        outcome->status);
}

static void
judge_status(struct http_transfer *self, struct http_outcome *ret)
{
    curl_off_t after = 0;
    (void) curl_easy_getinfo(self->easy, CURLINFO_RETRY_AFTER, &after);
    ret->retry_after_ms = after > 0 ? (uint64_t) after * 1000 : 0;
    bool rest = ret->status == TOO_MANY
                || (ret->status == SERVER_BUSY && ret->retry_after_ms > 0);
    bool heals = ret->status >= 500 || ret->status == 408;
    ret->fault = rest    ? TROUPE_FAULT_OVERLOAD
                 : heals ? TROUPE_FAULT_TRANSIENT
                         : TROUPE_FAULT_PERMANENT;
    (void) snprintf(ret->words, sizeof ret->words, "HTTP %ld%s", ret->status,
                    ret->status >= 300 && ret->status < 400
                        ? ": it redirects to another address"
                        : "");
}

static void
refuse_body(const struct http_transfer *self, struct http_outcome *ret)
{
    char type[TYPE_SIZE];
    troupe__http_type(self, type, sizeof type);
    ret->fault = TROUPE_FAULT_PERMANENT;
    ret->billable = true;
    if (self->wrong_type) {
        (void) snprintf(ret->words, sizeof ret->words, "it is %s, not text",
                        *type ? type : "of no type");
        return;
    }
    (void) snprintf(ret->words, sizeof ret->words,
                    "the answer is over %llu bytes",
                    (unsigned long long) self->size_max);
}

struct http_outcome
troupe__http_finish(struct http_transfer *self, CURLcode code)
{
    CHECK(self);
    struct http_outcome outcome = {.fault = TROUPE_FAULT_NONE};
    long sent = 0;
    (void) curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE,
                             &outcome.status);
    (void) curl_easy_getinfo(self->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (self->is_private) {
        outcome.fault = TROUPE_FAULT_PERMANENT;
        (void) snprintf(outcome.words, sizeof outcome.words,
                        TROUPE__PRIVATE_ADDRESS);
    } else if (self->too_large || self->wrong_type
               || code == CURLE_FILESIZE_EXCEEDED) {
        refuse_body(self, &outcome);
    } else if (outcome.status >= 200 && outcome.status < 300) {
        outcome.billable = true;
    } else if (outcome.status != 0 && code == CURLE_OK) {
        judge_status(self, &outcome);
    } else {
        outcome.fault = fault_of_code(code);
        outcome.billable = sent > 0 && code == CURLE_OPERATION_TIMEDOUT;
        (void) snprintf(outcome.words, sizeof outcome.words, "%s",
                        self->error[0] ? self->error
                                       : curl_easy_strerror(code));
    }
    troupe__http_tidy(self, &outcome);
    return outcome;
}

void
troupe__http_destroy(struct http_transfer **self_p)
{
    struct http_transfer *self = *self_p;
    if (!self)
        return;
    curl_easy_cleanup(self->easy);
    troupe__http_headers_free(self);
    if (self->key)
        explicit_bzero(self->key, strlen(self->key));
    if (self->clear)
        self->clear(self);
    free(self->key);
    free(self->body);
    free(self->types);
    troupe__text_free(&self->received);
    free(self);
    *self_p = NULL;
}
