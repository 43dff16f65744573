/* SPDX-License-Identifier: Apache-2.0 */
/* good.c: kinds for the tests of topology files. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <troupe.h>

/* echo: answers with what it is asked, and says what it is started with. */
static int
echo_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    const char *greeting = "";
    int rc = troupe_unpack(msg, "{s?s}", "greeting", &greeting);
    if (rc == 0 && *greeting)
        troupe_log(ctx, TROUPE_LOG_INFO, "greeting: %s", greeting);
    return rc == -EBADMSG ? 0 : rc; /* nil: none */
}

static int
echo_message(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return troupe_message_is_ask(msg) ? troupe_reply(ctx, "m", msg) : 0;
}

TROUPE_KIND(echo, char, TROUPE_ON_START(echo_start),
            TROUPE_ON_FALLBACK(echo_message));

/* wide: answers a number with a text of 10 KiB that begins with it. */
static int
wide_message(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    char text[10241] = "";
    int number = 0;
    (void) state;
    int rc = troupe_unpack(msg, "i", &number);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "not a number");
    snprintf(text, sizeof text, "%-*d", (int) sizeof text - 1, number);
    return troupe_reply(ctx, "s", text);
}

TROUPE_KIND(wide, char, TROUPE_ON_FALLBACK(wide_message));

/* asker: asks who `to` names, prints the outcome, and is done. */
static int
asker_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx, (void) state;
    printf("asker: %s (%s)\n", troupe_outcome_name(answer->outcome),
           answer->text);
    fflush(stdout);
    return TROUPE_STOP;
}

static int
asker_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    const char *to = "";
    troupe_ref_t ref;
    int rc = troupe_unpack(msg, "{s:s}", "to", &to);
    if (rc == 0)
        rc = troupe_lookup(troupe_context_node(ctx), to, &ref);
    if (rc < 0)
        return troupe_fail(ctx, rc, "there is nobody to ask");
    return troupe_ask(ctx, ref, "what", 0, asker_answer, NULL, NULL);
}

TROUPE_KIND(asker, char, TROUPE_ON_START(asker_start));

/* faulty: fails in its start, or after so many milliseconds. */
static int
faulty_fall(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_fail(ctx, -EIO, "fell over on purpose");
}

static int
faulty_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int after_ms = 0;
    int rc = troupe_unpack(msg, "{s?i}", "after_ms", &after_ms);
    if (rc < 0 || after_ms == 0)
        return faulty_fall(ctx, state, msg);
    return troupe_timer_set(ctx, "fall", (uint32_t) after_ms, 0);
}

TROUPE_KIND(faulty, char, TROUPE_ON_START(faulty_start),
            TROUPE_ON("fall", faulty_fall));

/* stubborn: prints that it stops, so that the order of stops can be seen. */
static void
stubborn_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) state, (void) reason;
    troupe_actor_stats_t stats = {.kind = ""};
    if (troupe_actor_stats_get(troupe_context_node(ctx), troupe_self(ctx),
                               &stats)
        == 0)
        printf("stops: %s\n", stats.name);
    fflush(stdout);
}

TROUPE_KIND(stubborn, char, TROUPE_ON_STOP(stubborn_stop));

/* brief: is done in its start. */
static int
brief_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return TROUPE_STOP;
}

TROUPE_KIND(brief, char, TROUPE_ON_START(brief_start));

/* never: its start is never done. stuck: its handler never returns. */
static int
never_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    troupe_log(ctx, TROUPE_LOG_INFO, "never ready");
    return TROUPE_STARTING;
}

TROUPE_KIND(never, char, TROUPE_ON_START(never_start));

static int
stuck_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    troupe_log(ctx, TROUPE_LOG_INFO, "stuck");
    while (pause() < 0)
        ;
    return 0;
}

TROUPE_KIND(stuck, char, TROUPE_ON_FALLBACK(stuck_go));

TROUPE_KINDS(&echo, &wide, &asker, &faulty, &stubborn, &brief, &never, &stuck);
