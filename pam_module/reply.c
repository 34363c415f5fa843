#include "reply.h"

#include "strict.h"

#include <stdbool.h>
#include <string.h>

static const char *const outcome_words[] = {
    [FACED_OUTCOME_UNKNOWN] = "unknown",
    [FACED_MATCH] = "match",
    [FACED_NO_MATCH] = "no_match",
    [FACED_NOT_LIVE] = "not_live",
    [FACED_NO_FACE] = "no_face",
    [FACED_COVERED] = "covered",
    [FACED_TOO_DARK] = "too_dark",
    [FACED_SEVERAL_FACES] = "several_faces",
    [FACED_CAMERA_UNAVAILABLE] = "camera_unavailable",
    [FACED_BUSY] = "busy",
    [FACED_NO_TEMPLATE] = "no_template",
    [FACED_PURPOSE_OVER] = "purpose_over",
    [FACED_REVOKED] = "revoked",
    [FACED_LOCKED_OUT] = "locked_out",
    [FACED_CANCELLED] = "cancelled",
    [FACED_TIMED_OUT] = "timed_out",
    [FACED_EXEMPT] = "exempt",
    [FACED_EMERGENCY] = "emergency",
    [FACED_CODE_WANTED] = "code_wanted",
};

static const char *const standing_words[] = {
    [FACED_STANDING_UNKNOWN] = "unknown",
    [FACED_STANDING_CLEAR] = "clear",
    [FACED_STANDING_EXEMPT] = "exempt",
    [FACED_STANDING_REVOKED] = "revoked",
    [FACED_STANDING_PURPOSE_OVER] = "purpose_over",
    [FACED_STANDING_REMOTE] = "remote",
    [FACED_STANDING_UNAVAILABLE] = "unavailable",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *faced_outcome_word(enum faced_outcome outcome)
{
    return outcome_words[(size_t)outcome < COUNT(outcome_words) ? (size_t)outcome : 0];
}

const char *faced_standing_word(enum faced_standing standing)
{
    return standing_words[(size_t)standing < COUNT(standing_words) ? (size_t)standing : 0];
}

/* The place of the word after the first, 0 if it is none of them. */
static size_t word(struct json_object *value, const char *const *words, size_t count)
{
    size_t length = (size_t)json_object_get_string_len(value);

    for (size_t at = 1; at < count; at++)
        if (strlen(words[at]) == length && memcmp(words[at], json_object_get_string(value), length) == 0)
            return at;
    return 0;
}

/* A member, or NULL for a missing one and for null, which are the same in Varlink. False for one of another type. */
static bool member(struct json_object *object, const char *name, enum json_type type, struct json_object **value)
{
    *value = NULL;
    json_object_object_get_ex(object, name, value);
    return *value == NULL || json_object_is_type(*value, type);
}

static bool has(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    return json_object_object_get_ex(object, name, &value) && value != NULL;
}

struct envelope {
    struct json_object *parameters; /* NULL if there are none */
    struct json_object *error;
    bool continues;
};

static bool envelope_open(struct envelope *envelope, struct json_object *message)
{
    struct json_object *continues;

    if (!member(message, "parameters", json_type_object, &envelope->parameters) ||
        !member(message, "error", json_type_string, &envelope->error) ||
        !member(message, "continues", json_type_boolean, &continues))
        return false;
    envelope->continues = continues != NULL && json_object_get_boolean(continues);
    return true;
}

static bool is_nonce(struct json_object *value, const char *nonce)
{
    size_t length = strlen(nonce);

    return value != NULL && (size_t)json_object_get_string_len(value) == length &&
           memcmp(json_object_get_string(value), nonce, length) == 0;
}

static void keep_text(struct faced_reply *reply, struct json_object *text)
{
    if (text != NULL)
        faced_text_clean(reply->text, json_object_get_string(text), (size_t)json_object_get_string_len(text));
}

enum faced_reply_kind faced_reply_to_begin(const char *message, size_t size)
{
    enum faced_reply_kind kind = FACED_REPLY_MALFORMED;
    struct json_object *object = faced_strict_object(message, size);
    struct envelope envelope;

    if (object != NULL && envelope_open(&envelope, object) && !envelope.continues) {
        if (envelope.error != NULL)
            kind = FACED_REPLY_ERROR;
        else if (!has(envelope.parameters, "outcome") && !has(envelope.parameters, "nonce"))
            kind = FACED_REPLY_BEGUN;
    }
    json_object_put(object);
    return kind;
}

static void read_decide(struct faced_reply *reply, const struct envelope *envelope, const char *nonce)
{
    struct json_object *outcome, *text, *reason, *given;

    if (!member(envelope->parameters, "outcome", json_type_string, &outcome) ||
        !member(envelope->parameters, "text", json_type_string, &text) ||
        !member(envelope->parameters, "reason", json_type_string, &reason) ||
        !member(envelope->parameters, "nonce", json_type_string, &given))
        return;
    if (envelope->continues) {
        if (outcome != NULL || given != NULL)
            return;
        reply->kind = FACED_REPLY_GUIDANCE;
    } else {
        if (outcome == NULL || !is_nonce(given, nonce))
            return;
        reply->outcome = (enum faced_outcome)word(outcome, outcome_words, COUNT(outcome_words));
        if (reply->outcome == FACED_OUTCOME_UNKNOWN)
            return;
        reply->kind = FACED_REPLY_OUTCOME;
    }
    keep_text(reply, text);
}

static void read_account(struct faced_reply *reply, const struct envelope *envelope, const char *nonce)
{
    struct json_object *standing, *text, *given;

    if (envelope->continues || !member(envelope->parameters, "standing", json_type_string, &standing) ||
        !member(envelope->parameters, "text", json_type_string, &text) ||
        !member(envelope->parameters, "nonce", json_type_string, &given))
        return;
    if (standing == NULL || !is_nonce(given, nonce))
        return;
    reply->standing = (enum faced_standing)word(standing, standing_words, COUNT(standing_words));
    if (reply->standing == FACED_STANDING_UNKNOWN)
        return;
    reply->kind = FACED_REPLY_STANDING;
    keep_text(reply, text);
}

static void read_reply(struct faced_reply *reply, const char *message, size_t size, const char *nonce,
                       void (*read)(struct faced_reply *, const struct envelope *, const char *))
{
    struct json_object *object = faced_strict_object(message, size);
    struct envelope envelope;

    *reply = (struct faced_reply){.kind = FACED_REPLY_MALFORMED};
    if (object != NULL && envelope_open(&envelope, object)) {
        if (envelope.error != NULL)
            reply->kind = FACED_REPLY_ERROR;
        else if (envelope.parameters != NULL)
            read(reply, &envelope, nonce);
    }
    json_object_put(object);
}

void faced_reply_to_decide(struct faced_reply *reply, const char *message, size_t size, const char *nonce)
{
    read_reply(reply, message, size, nonce, read_decide);
}

void faced_reply_to_account(struct faced_reply *reply, const char *message, size_t size, const char *nonce)
{
    read_reply(reply, message, size, nonce, read_account);
}
