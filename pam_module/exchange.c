#include "exchange.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static bool nonce_draw(char nonce[FACED_NONCE_DIGITS + 1])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char random[FACED_NONCE_DIGITS / 2];

    if (getrandom(random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        return false;
    for (size_t at = 0; at < sizeof random; at++) {
        nonce[2 * at] = digits[random[at] >> 4];
        nonce[2 * at + 1] = digits[random[at] & 0x0f];
    }
    nonce[FACED_NONCE_DIGITS] = '\0';
    return true;
}

struct faced_attempt *faced_begin(const char *path, const struct faced_caller *caller, faced_deadline deadline)
{
    struct faced_attempt *attempt = calloc(1, sizeof *attempt);
    size_t size = 0;
    char *bytes = faced_request_begin(caller, &size);
    bool begun = false;

    if (attempt != NULL) {
        attempt->link = FACED_LINK_CLOSED;
        attempt->user = strdup(caller->user);
        attempt->service = strdup(caller->service);
        begun = bytes != NULL && attempt->user != NULL && attempt->service != NULL &&
                faced_link_open(&attempt->link, path, deadline) == FACED_FINE &&
                faced_link_send(&attempt->link, bytes, size, deadline) == FACED_FINE;
    }
    free(bytes);
    if (!begun) {
        faced_attempt_end(attempt);
        return NULL;
    }
    return attempt;
}

void faced_attempt_end(struct faced_attempt *attempt)
{
    if (attempt == NULL)
        return;
    faced_link_close(&attempt->link);
    free(attempt->user);
    free(attempt->service);
    free(attempt);
}

/* FACED_FINE if Decide may be sent on the attempt's connection, FACED_GONE if a new connection is needed. The answer to
 * Begin is all that may have arrived: a daemon that answers before it is asked has not judged this logon. */
static enum faced_fault join(struct faced_attempt *begun, const struct faced_caller *caller, faced_deadline deadline)
{
    enum faced_reply_kind kind;
    enum faced_fault fault;
    const char *message;
    size_t size;

    if (begun == NULL || !faced_link_is_ours(&begun->link) || strcmp(begun->user, caller->user) != 0 ||
        strcmp(begun->service, caller->service) != 0)
        return FACED_GONE;
    fault = faced_link_receive(&begun->link, &message, &size, deadline);
    if (fault != FACED_FINE)
        return fault;
    kind = faced_reply_to_begin(message, size);
    if (kind == FACED_REPLY_ERROR)
        return FACED_GONE;
    return kind == FACED_REPLY_BEGUN ? faced_link_quiet(&begun->link) : FACED_PROTOCOL;
}

/* Nothing may follow a last answer. */
static enum faced_fault last(const struct faced_link *link)
{
    return faced_link_quiet(link) == FACED_PROTOCOL ? FACED_PROTOCOL : FACED_FINE;
}

static enum faced_fault follow(struct faced_link *link, const char *nonce, faced_deadline deadline,
                               const struct faced_talk *talk, struct faced_reply *reply)
{
    for (int lines = 0; lines <= FACED_GUIDANCE_REPLIES; lines++) {
        const char *message;
        size_t size;
        enum faced_fault fault = faced_link_receive(link, &message, &size, deadline);

        if (fault != FACED_FINE)
            return fault;
        faced_reply_to_decide(reply, message, size, nonce);
        if (reply->kind == FACED_REPLY_ERROR)
            return FACED_REFUSED;
        if (reply->kind == FACED_REPLY_OUTCOME)
            fault = last(link);
        else if (reply->kind != FACED_REPLY_GUIDANCE)
            fault = FACED_PROTOCOL;
        if (fault != FACED_FINE)
            return fault;
        if (reply->text[0] != '\0' && reply->outcome != FACED_CODE_WANTED)
            talk->show(talk->context, reply->text);
        if (reply->kind == FACED_REPLY_OUTCOME)
            return FACED_FINE;
    }
    return FACED_PROTOCOL;
}

/* On the connection of Decide, whose answer it was that a code is wanted. A second such answer is just no admission. */
static enum faced_fault code(struct faced_link *link, const struct faced_caller *caller, const struct faced_talk *talk,
                             struct faced_reply *reply)
{
    char digits[FACED_CODE_DIGITS + 1] = "";
    char nonce[FACED_NONCE_DIGITS + 1];
    enum faced_fault fault = FACED_NO_RESOURCES;
    faced_deadline deadline;
    char *bytes = NULL;
    size_t size = 0;

    if (!talk->ask(talk->context, reply->text, digits))
        return FACED_FINE;
    deadline = faced_deadline_in(FACED_CODE_MS);
    if (nonce_draw(nonce))
        bytes = faced_request_code(caller, nonce, digits, &size);
    if (bytes != NULL)
        fault = faced_link_send(link, bytes, size, deadline);
    free(bytes);
    return fault == FACED_FINE ? follow(link, nonce, deadline, talk, reply) : fault;
}

enum faced_fault faced_decide(struct faced_attempt *begun, const char *path, const struct faced_caller *caller,
                              faced_deadline deadline, const struct faced_talk *talk, struct faced_reply *reply)
{
    struct faced_link cold = FACED_LINK_CLOSED;
    struct faced_link *link = &cold;
    char nonce[FACED_NONCE_DIGITS + 1];
    size_t size = 0;
    char *bytes = nonce_draw(nonce) ? faced_request_decide(caller, nonce, &size) : NULL;
    enum faced_fault fault;

    if (bytes == NULL)
        return FACED_NO_RESOURCES;
    fault = join(begun, caller, deadline);
    if (fault == FACED_FINE) {
        link = &begun->link;
        fault = faced_link_send(link, bytes, size, deadline);
    }
    if (fault == FACED_GONE) {
        /* The old connection must not keep the camera from the new one. */
        if (begun != NULL)
            faced_link_close(&begun->link);
        link = &cold;
        fault = faced_link_open(link, path, deadline);
        if (fault == FACED_FINE)
            fault = faced_link_send(link, bytes, size, deadline);
    }
    free(bytes);
    if (fault == FACED_FINE)
        fault = follow(link, nonce, deadline, talk, reply);
    if (fault == FACED_FINE && reply->outcome == FACED_CODE_WANTED)
        fault = code(link, caller, talk, reply);
    faced_link_close(&cold);
    return fault;
}

enum faced_fault faced_account(const char *path, const struct faced_caller *caller, faced_deadline deadline,
                               struct faced_reply *reply)
{
    struct faced_link link = FACED_LINK_CLOSED;
    char nonce[FACED_NONCE_DIGITS + 1];
    size_t size = 0;
    char *bytes = nonce_draw(nonce) ? faced_request_account(caller, nonce, &size) : NULL;
    const char *message;
    enum faced_fault fault;

    if (bytes == NULL)
        return FACED_NO_RESOURCES;
    fault = faced_link_open(&link, path, deadline);
    if (fault == FACED_FINE)
        fault = faced_link_send(&link, bytes, size, deadline);
    free(bytes);
    if (fault == FACED_FINE)
        fault = faced_link_receive(&link, &message, &size, deadline);
    if (fault == FACED_FINE) {
        faced_reply_to_account(reply, message, size, nonce);
        if (reply->kind == FACED_REPLY_ERROR)
            fault = FACED_REFUSED;
        else
            fault = reply->kind == FACED_REPLY_STANDING ? last(&link) : FACED_PROTOCOL;
    }
    faced_link_close(&link);
    return fault;
}
