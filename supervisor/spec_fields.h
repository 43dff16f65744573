/* SPDX-License-Identifier: Apache-2.0 */
/* spec_fields.h: the one list of the numbers that specs and options hold. */
#ifndef TROUPE_SUPERVISOR_SPEC_FIELDS_H
#define TROUPE_SUPERVISOR_SPEC_FIELDS_H

/* X(type, field), in the order in which they are packed: those of a spec in
 * one binary, four bytes each, so that a definition can hold many specs. */
#define SPEC_NUMBERS(X)                                                        \
    X(troupe_restart_t, restart)                                               \
    X(uint32_t, shutdown_ms)                                                   \
    X(uint32_t, start_ms)                                                      \
    X(bool, significant)                                                       \
    X(troupe_place_t, place)                                                   \
    X(uint32_t, worker)                                                        \
    X(uint32_t, mailbox.messages_max)                                          \
    X(uint32_t, mailbox.bytes_max)                                             \
    X(troupe_overflow_t, mailbox.overflow)                                     \
    X(uint32_t, backoff.min_ms)                                                \
    X(uint32_t, backoff.max_ms)                                                \
    X(uint32_t, backoff.factor_percent)                                        \
    X(uint32_t, backoff.jitter_percent)                                        \
    X(uint32_t, backoff.reset_ms)                                              \
    X(uint32_t, budget.restarts)                                               \
    X(uint32_t, budget.period_ms)                                              \
    X(troupe_over_budget_t, budget.then)                                       \
    X(uint32_t, poison_max)                                                    \
    X(troupe_isolation_t, isolation)                                           \
    X(troupe_delivery_mode_t, delivery.mode)                                   \
    X(uint32_t, delivery.attempts_max)                                         \
    X(uint32_t, delivery.open_max)                                             \
    X(uint32_t, delivery.open_bytes_max)

#define OPTIONS_NUMBERS(X)                                                     \
    X(troupe_strategy_t, strategy)                                             \
    X(uint32_t, intensity)                                                     \
    X(uint32_t, period_ms)                                                     \
    X(uint32_t, unstable_max)                                                  \
    X(troupe_auto_shutdown_t, auto_shutdown)

/* A string of one letter for each: its size is their count. */
#define AS_LETTER(type, field) "x"
enum {
    SPEC_TEXTS = 6, /* first come id, kind, name, node, arguments, program */
    SPEC_FIELDS = SPEC_TEXTS + 1,
    SPEC_NUMBERS_COUNT = sizeof(SPEC_NUMBERS(AS_LETTER)) - 1,
    OPTIONS_FIELDS = sizeof(OPTIONS_NUMBERS(AS_LETTER)) - 1,
    /* Of a body's 2^20 values a spec takes one for each field and itself. */
    TROUPE__SPECS_MAX = ((1 << 20) - OPTIONS_FIELDS - 4) / (SPEC_FIELDS + 1)
};
#undef AS_LETTER

#endif
