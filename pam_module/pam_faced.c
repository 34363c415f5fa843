/* pam_faced: the face beside the password.
 *
 *   auth     [default=ignore]  pam_faced.so begin     the camera starts while the password is typed; never succeeds
 *   auth     ...                                      the site's password step; a wrong password ends the stack
 *   auth     required          pam_faced.so           decides
 *   account  required          pam_faced.so           revoked, purpose over
 *
 * Fails closed: PAM_SUCCESS only for a match, or an emergency, that the daemon bound to this very call. Asks for no password
 * and leaves PAM_AUTHTOK as it is; it is looked at only so that it is never taken for an emergency code. */
#include "exchange.h"

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

static const char attempt_key[] = "pam_faced.attempt";
static const char socket_default[] = "/run/faced/logon";
/* The only text that is not the daemon's, for when there is no daemon: greeters otherwise blame the password. The site's
 * language is the daemon's knowledge, so it is in both. */
static const char unavailable_text[] = "顔認証を利用できません (face check unavailable)";

enum { BEGIN_MS = 500, TIMEOUT_S = 15, TIMEOUT_MOST_S = 60 };

EXPORTED int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv);
EXPORTED int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv);
EXPORTED int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv);

struct arguments {
    bool begin;
    const char *socket;
    unsigned timeout_ms;
};

/* The rest of `argument` if it starts with `name`. */
static const char *after(const char *name, const char *argument)
{
    size_t length = strlen(name);

    return strncmp(argument, name, length) == 0 ? argument + length : NULL;
}

static bool read_timeout(const char *digits, unsigned *timeout_ms)
{
    unsigned seconds = 0;

    if (*digits == '\0' || strlen(digits) > 2)
        return false;
    for (; *digits != '\0'; digits++) {
        if (*digits < '0' || *digits > '9')
            return false;
        seconds = 10 * seconds + (unsigned)(*digits - '0');
    }
    *timeout_ms = 1000 * seconds;
    return seconds >= 1 && seconds <= TIMEOUT_MOST_S;
}

/* False if there is one that we do not know: a misspelt argument must not weaken a line. */
static bool read_arguments(pam_handle_t *pamh, int argc, const char **argv, struct arguments *arguments)
{
    *arguments = (struct arguments){.socket = socket_default, .timeout_ms = 1000 * TIMEOUT_S};
    for (int at = 0; at < argc; at++) {
        const char *value;

        if (strcmp(argv[at], "begin") == 0) {
            arguments->begin = true;
        } else if ((value = after("socket=", argv[at])) != NULL && value[0] == '/') {
            arguments->socket = value;
        } else if ((value = after("timeout=", argv[at])) == NULL || !read_timeout(value, &arguments->timeout_ms)) {
            pam_syslog(pamh, LOG_ERR, "bad argument: %s", argv[at]);
            return false;
        }
    }
    return true;
}

/* An item of the handle; NULL when it is not set or empty. */
static const char *item(const pam_handle_t *pamh, int type)
{
    const void *value = NULL;

    if (pam_get_item(pamh, type, &value) != PAM_SUCCESS || value == NULL || *(const char *)value == '\0')
        return NULL;
    return value;
}

static bool may_be_sent(const char *optional_item)
{
    return optional_item == NULL || faced_item_is_clean(optional_item);
}

/* The items of the handle: PAM_SUCCESS if all of them may be sent. */
static int read_caller(const pam_handle_t *pamh, struct faced_caller *caller)
{
    *caller = (struct faced_caller){
        .user = item(pamh, PAM_USER),
        .service = item(pamh, PAM_SERVICE),
        .tty = item(pamh, PAM_TTY),
        .rhost = item(pamh, PAM_RHOST),
        .real_uid = getuid(),
    };
    if (caller->user == NULL || !faced_item_is_clean(caller->user))
        return PAM_USER_UNKNOWN;
    if (caller->service == NULL || !may_be_sent(caller->service) || !may_be_sent(caller->tty) ||
        !may_be_sent(caller->rhost))
        return PAM_AUTHINFO_UNAVAIL;
    return PAM_SUCCESS;
}

static int refuse(pam_handle_t *pamh, const char *reason, int code)
{
    pam_syslog(pamh, LOG_NOTICE, "refused: %s", reason);
    return code;
}

struct screen {
    pam_handle_t *pamh;
    bool silent;
    char last[FACED_TEXT_BYTES + 1];
};

static bool is_silent(int flags)
{
    return ((unsigned)flags & PAM_SILENT) != 0;
}

/* What the person answers to one message, to be freed; NULL if nothing. */
static char *converse(const pam_handle_t *pamh, int style, const char *text)
{
    const struct pam_message message = {.msg_style = style, .msg = text};
    const struct pam_message *messages = &message;
    struct pam_response *response = NULL;
    const struct pam_conv *conversation = NULL;
    const void *value = NULL;
    char *answer;

    if (pam_get_item(pamh, PAM_CONV, &value) != PAM_SUCCESS || value == NULL)
        return NULL;
    conversation = value;
    if (conversation->conv == NULL ||
        conversation->conv(1, &messages, &response, conversation->appdata_ptr) != PAM_SUCCESS || response == NULL)
        return NULL;
    answer = response->resp;
    free(response);
    return answer;
}

/* Lines are a help: a conversation that cannot show them changes nothing. */
static void show(void *context, const char *line)
{
    struct screen *screen = context;
    size_t length = strnlen(line, FACED_TEXT_BYTES);

    if (screen->silent || strcmp(screen->last, line) == 0)
        return;
    memcpy(screen->last, line, length);
    screen->last[length] = '\0';
    free(converse(screen->pamh, PAM_TEXT_INFO, line));
}

/* The digits of what was typed, without blanks and hyphens; false if they are not just so many. */
static bool read_code(const char *typed, char code[FACED_CODE_DIGITS + 1])
{
    size_t used = 0;

    for (; *typed != '\0'; typed++) {
        if (*typed == ' ' || *typed == '-')
            continue;
        if (*typed < '0' || *typed > '9' || used == FACED_CODE_DIGITS)
            return false;
        code[used++] = *typed;
    }
    code[used] = '\0';
    return used == FACED_CODE_DIGITS;
}

/* A greeter that answers every prompt with the password must not hand it to the daemon: nothing but eight digits that are
 * not the password is sent. PAM_PROMPT_ECHO_ON, for that is how greeters tell a code from a password. */
static bool ask(void *context, const char *prompt, char code[FACED_CODE_DIGITS + 1])
{
    const struct screen *screen = context;
    char *typed = converse(screen->pamh, PAM_PROMPT_ECHO_ON, prompt);
    const char *password = item(screen->pamh, PAM_AUTHTOK);
    char of_password[FACED_CODE_DIGITS + 1] = "";
    bool usable = typed != NULL && read_code(typed, code);

    if (usable && password != NULL && read_code(password, of_password))
        usable = strcmp(of_password, code) != 0;
    explicit_bzero(of_password, sizeof of_password);

    if (typed != NULL)
        explicit_bzero(typed, strlen(typed));
    free(typed);
    return usable;
}

static void end_attempt(pam_handle_t *pamh, void *data, int status)
{
    (void)pamh;
    (void)status;
    faced_attempt_end(data);
}

/* Forgets an attempt that stands in the handle; its cleanup closes the connection. */
static void forget_attempt(pam_handle_t *pamh)
{
    const void *attempt = NULL;

    if (pam_get_data(pamh, attempt_key, &attempt) == PAM_SUCCESS && attempt != NULL)
        pam_set_data(pamh, attempt_key, NULL, NULL);
}

/* Says nothing and, whatever happens, lets nobody in. The name is asked for if nobody has asked yet: the password step
 * would do the same a moment later, and without the name there is nothing to begin. */
static int begin(pam_handle_t *pamh, const struct arguments *arguments)
{
    struct faced_attempt *attempt;
    struct faced_caller caller;
    const char *user;

    forget_attempt(pamh);
    if (pam_get_user(pamh, &user, NULL) != PAM_SUCCESS || read_caller(pamh, &caller) != PAM_SUCCESS)
        return PAM_AUTHINFO_UNAVAIL;
    attempt = faced_begin(arguments->socket, &caller, faced_deadline_in(BEGIN_MS));
    if (attempt != NULL && pam_set_data(pamh, attempt_key, attempt, end_attempt) != PAM_SUCCESS)
        faced_attempt_end(attempt);
    return PAM_AUTHINFO_UNAVAIL;
}

static int code_of_outcome(enum faced_outcome outcome)
{
    switch (outcome) {
    case FACED_MATCH:
    case FACED_EMERGENCY:
        return PAM_SUCCESS;
    case FACED_EXEMPT:
        return PAM_IGNORE;
    case FACED_NO_MATCH:
    case FACED_NOT_LIVE:
        return PAM_AUTH_ERR;
    case FACED_LOCKED_OUT:
        return PAM_MAXTRIES;
    case FACED_OUTCOME_UNKNOWN:
    case FACED_NO_FACE:
    case FACED_COVERED:
    case FACED_TOO_DARK:
    case FACED_SEVERAL_FACES:
    case FACED_CAMERA_UNAVAILABLE:
    case FACED_BUSY:
    case FACED_NO_TEMPLATE:
    case FACED_PURPOSE_OVER:
    case FACED_REVOKED:
    case FACED_CANCELLED:
    case FACED_TIMED_OUT:
    case FACED_CODE_WANTED:
        break;
    }
    return PAM_AUTHINFO_UNAVAIL;
}

static int code_of_standing(enum faced_standing standing)
{
    switch (standing) {
    case FACED_STANDING_CLEAR:
        return PAM_SUCCESS;
    case FACED_STANDING_EXEMPT:
        return PAM_IGNORE;
    case FACED_STANDING_REVOKED:
    case FACED_STANDING_REMOTE:
        return PAM_PERM_DENIED;
    case FACED_STANDING_PURPOSE_OVER:
        return PAM_ACCT_EXPIRED;
    case FACED_STANDING_UNKNOWN:
    case FACED_STANDING_UNAVAILABLE:
        break;
    }
    return PAM_AUTHINFO_UNAVAIL;
}

static int decide(pam_handle_t *pamh, int flags, const struct arguments *arguments)
{
    struct screen screen = {.pamh = pamh, .silent = is_silent(flags)};
    const struct faced_talk talk = {.show = show, .ask = ask, .context = &screen};
    struct faced_reply reply = {.kind = FACED_REPLY_MALFORMED};
    faced_deadline deadline = faced_deadline_in(arguments->timeout_ms);
    const void *data = NULL;
    struct faced_attempt *attempt = NULL;
    struct faced_caller caller;
    enum faced_fault fault;
    int usable;
    int code = PAM_ABORT;

    usable = read_caller(pamh, &caller);
    if (usable != PAM_SUCCESS) {
        forget_attempt(pamh);
        return refuse(pamh, "unusable_item", usable);
    }
    if (caller.rhost != NULL) {
        forget_attempt(pamh);
        return refuse(pamh, "remote", PAM_AUTHINFO_UNAVAIL);
    }
    if (pam_get_data(pamh, attempt_key, &data) == PAM_SUCCESS && data != NULL)
        attempt = (struct faced_attempt *)(uintptr_t)data; /* we put it there; libpam only gives it back as const */
    fault = faced_decide(attempt, arguments->socket, &caller, deadline, &talk, &reply);
    forget_attempt(pamh);
    if (fault != FACED_FINE || reply.kind != FACED_REPLY_OUTCOME) {
        show(&screen, unavailable_text);
        return refuse(pamh, faced_fault_word(fault), PAM_AUTHINFO_UNAVAIL);
    }
    code = code_of_outcome(reply.outcome);
    return code == PAM_SUCCESS || code == PAM_IGNORE ? code : refuse(pamh, faced_outcome_word(reply.outcome), code);
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct arguments arguments;

    if (!read_arguments(pamh, argc, argv, &arguments))
        return PAM_SERVICE_ERR;
    return arguments.begin ? begin(pamh, &arguments) : decide(pamh, flags, &arguments);
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_SUCCESS;
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct screen screen = {.pamh = pamh, .silent = is_silent(flags)};
    struct faced_reply reply = {.kind = FACED_REPLY_MALFORMED};
    struct arguments arguments;
    struct faced_caller caller;
    enum faced_fault fault;
    int usable;
    int code = PAM_ABORT;

    if (!read_arguments(pamh, argc, argv, &arguments))
        return PAM_SERVICE_ERR;
    if (arguments.begin) {
        pam_syslog(pamh, LOG_ERR, "bad argument: begin belongs to auth");
        return PAM_SERVICE_ERR;
    }
    usable = read_caller(pamh, &caller);
    if (usable != PAM_SUCCESS)
        return refuse(pamh, "unusable_item", usable);
    fault = faced_account(arguments.socket, &caller, faced_deadline_in(arguments.timeout_ms), &reply);
    if (fault != FACED_FINE || reply.kind != FACED_REPLY_STANDING)
        return refuse(pamh, faced_fault_word(fault), PAM_AUTHINFO_UNAVAIL);
    if (reply.text[0] != '\0')
        show(&screen, reply.text);
    code = code_of_standing(reply.standing);
    return code == PAM_SUCCESS || code == PAM_IGNORE ? code : refuse(pamh, faced_standing_word(reply.standing), code);
}
