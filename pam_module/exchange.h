/* One attempt as the daemon sees it: Begin, then Decide on the same connection; and Account on one of its own. */
#ifndef FACED_EXCHANGE_H
#define FACED_EXCHANGE_H

#include "client.h"
#include "reply.h"
#include "request.h"

/* More lines for the person than this in one attempt are a fault of the daemon. */
enum { FACED_GUIDANCE_REPLIES = 256 };

/* An attempt that was begun and waits for the password. */
struct faced_attempt {
    struct faced_link link;
    char *user;
    char *service;
};

/* How to talk to the person. `show` shows one line; it is never empty. `ask` gives the code that is typed, or false: there
 * is none that may be sent. */
struct faced_talk {
    void (*show)(void *context, const char *line);
    bool (*ask)(void *context, const char *prompt, char code[FACED_CODE_DIGITS + 1]);
    void *context;
};

/* Sends Begin and does not wait for the answer. NULL if that was not possible before the deadline. */
struct faced_attempt *faced_begin(const char *path, const struct faced_caller *caller, faced_deadline deadline);

/* Ends it; the daemon closes the camera. NULL is allowed. */
void faced_attempt_end(struct faced_attempt *attempt);

/* The person takes the time they need to type a code; what the daemon then has. */
enum { FACED_CODE_MS = 5000 };

/* Joins `begun` if it is still there and of the same user and service, else starts on a new connection; `begun` may be
 * NULL. Asks for a code, once, if the daemon wants one. FACED_FINE: the daemon has decided, and the reply says what, bound to
 * this call by a nonce. */
enum faced_fault faced_decide(struct faced_attempt *begun, const char *path, const struct faced_caller *caller,
                              faced_deadline deadline, const struct faced_talk *talk, struct faced_reply *reply);

/* FACED_FINE: the reply has the standing. */
enum faced_fault faced_account(const char *path, const struct faced_caller *caller, faced_deadline deadline,
                               struct faced_reply *reply);

#endif
