/* What the module says to the daemon: io.faced.Logon, see faced/service/io.faced.Logon.varlink. */
#ifndef FACED_REQUEST_H
#define FACED_REQUEST_H

#include <stddef.h>
#include <sys/types.h>

enum { FACED_NONCE_DIGITS = 32, FACED_CODE_DIGITS = 8 };

/* Who wants to log on where. `tty` and `rhost` may be NULL. Every string has passed faced_item_is_clean(). */
struct faced_caller {
    const char *user;
    const char *service;
    const char *tty;
    const char *rhost;
    uid_t real_uid;
};

/* Each gives the bytes of one message, its final NUL included in *size; NULL if there is no memory. To be freed. */
char *faced_request_begin(const struct faced_caller *caller, size_t *size);
char *faced_request_decide(const struct faced_caller *caller, const char *nonce, size_t *size);
char *faced_request_code(const struct faced_caller *caller, const char *nonce, const char *code, size_t *size);
char *faced_request_account(const struct faced_caller *caller, const char *nonce, size_t *size);

#endif
