/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_answer.c: any bytes as a model's stream, in pieces, and as a body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "actors/model_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model_answer whole, pieces, body;
    const char *bytes = (const char *) data;
    troupe__answer_init(&whole);
    troupe__answer_init(&pieces);
    troupe__answer_init(&body);
    int rc = troupe__answer_feed(&whole, bytes, size), other = 0;
    for (size_t i = 0; i < size && other == 0; i++)
        other = troupe__answer_feed(&pieces, bytes + i, 1);
    /* However it is cut, it says the same. */
    if (rc != other || whole.done != pieces.done
        || strcmp(troupe__text_string(&whole.text),
                  troupe__text_string(&pieces.text))
               != 0)
        abort();
    if (!troupe__utf8_is_valid(whole.error, strlen(whole.error)))
        abort();
    (void) troupe__answer_read(&body, bytes, size);
    troupe__answer_free(&whole);
    troupe__answer_free(&pieces);
    troupe__answer_free(&body);
    return 0;
}
