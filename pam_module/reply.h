/* What the daemon's bytes mean. Knows no socket and no PAM, so that it can be tested and fuzzed alone. */
#ifndef FACED_REPLY_H
#define FACED_REPLY_H

#include "text.h"

#include <stddef.h>

/* Zero is never good news in any of these. */
enum faced_reply_kind {
    FACED_REPLY_MALFORMED, /* not a message of this protocol, or not an answer to what was asked */
    FACED_REPLY_ERROR,     /* a Varlink error */
    FACED_REPLY_BEGUN,     /* the answer to Begin */
    FACED_REPLY_GUIDANCE,  /* a line for the person; more will follow */
    FACED_REPLY_OUTCOME,   /* the answer to Decide: outcome is set */
    FACED_REPLY_STANDING   /* the answer to Account: standing is set */
};

enum faced_outcome {
    FACED_OUTCOME_UNKNOWN,
    FACED_MATCH,
    FACED_NO_MATCH,
    FACED_NOT_LIVE,
    FACED_NO_FACE,
    FACED_COVERED,
    FACED_TOO_DARK,
    FACED_SEVERAL_FACES,
    FACED_CAMERA_UNAVAILABLE,
    FACED_BUSY,
    FACED_NO_TEMPLATE,
    FACED_PURPOSE_OVER,
    FACED_REVOKED,
    FACED_LOCKED_OUT,
    FACED_CANCELLED,
    FACED_TIMED_OUT,
    FACED_EXEMPT,
    FACED_EMERGENCY,
    FACED_CODE_WANTED
};

enum faced_standing {
    FACED_STANDING_UNKNOWN,
    FACED_STANDING_CLEAR,
    FACED_STANDING_EXEMPT,
    FACED_STANDING_REVOKED,
    FACED_STANDING_PURPOSE_OVER,
    FACED_STANDING_REMOTE,
    FACED_STANDING_UNAVAILABLE
};

struct faced_reply {
    enum faced_reply_kind kind;
    enum faced_outcome outcome;
    enum faced_standing standing;
    char text[FACED_TEXT_BYTES + 1];
};

/* `message` is one message without its NUL. There is no way to an outcome or a standing without `nonce` in the answer. */
enum faced_reply_kind faced_reply_to_begin(const char *message, size_t size);
void faced_reply_to_decide(struct faced_reply *reply, const char *message, size_t size, const char *nonce);
void faced_reply_to_account(struct faced_reply *reply, const char *message, size_t size, const char *nonce);

/* The words of the wire. */
const char *faced_outcome_word(enum faced_outcome outcome);
const char *faced_standing_word(enum faced_standing standing);

#endif
