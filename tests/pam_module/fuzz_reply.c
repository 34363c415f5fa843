/* libFuzzer: make -C pam_module fuzz && pam_module/build/fuzz_reply -max_total_time=60 */
#include "reply.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char nonce[] = "00112233445566778899aabbccddeeff";

/* Nothing is an outcome or a standing that does not carry the nonce. */
static void check(enum faced_reply_kind kind, const uint8_t *data, size_t size)
{
    if ((kind == FACED_REPLY_OUTCOME || kind == FACED_REPLY_STANDING) && memmem(data, size, "nonce", 5) == NULL &&
        memchr(data, '\\', size) == NULL)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *message = (const char *)data;
    struct faced_reply reply;

    (void)faced_reply_to_begin(message, size);
    faced_reply_to_decide(&reply, message, size, nonce);
    check(reply.kind, data, size);
    faced_reply_to_account(&reply, message, size, nonce);
    check(reply.kind, data, size);
    return 0;
}
