#include "request.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Takes the value over in every case; a value that could not be made (NULL) must not become a JSON null. */
static bool put(struct json_object *object, const char *name, struct json_object *value)
{
    if (value == NULL)
        return false;
    if (json_object_object_add(object, name, value) == 0)
        return true;
    json_object_put(value);
    return false;
}

static bool put_text(struct json_object *object, const char *name, const char *text)
{
    return text == NULL || put(object, name, json_object_new_string(text));
}

static bool put_caller(struct json_object *parameters, const struct faced_caller *caller, bool with_tty)
{
    return put_text(parameters, "user", caller->user) && put_text(parameters, "service", caller->service) &&
           (!with_tty || put_text(parameters, "tty", caller->tty)) && put_text(parameters, "rhost", caller->rhost) &&
           put(parameters, "real_uid", json_object_new_int64((int64_t)caller->real_uid));
}

static char *bytes_of(struct json_object *message, size_t *size)
{
    size_t length = 0;
    const char *json = json_object_to_json_string_length(
        message, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
    char *bytes = json == NULL ? NULL : malloc(length + 1);

    if (bytes != NULL) {
        memcpy(bytes, json, length);
        bytes[length] = '\0';
        *size = length + 1;
    }
    return bytes;
}

static char *request(const char *method, const struct faced_caller *caller, bool with_tty, const char *nonce,
                     const char *code, bool more, size_t *size)
{
    struct json_object *message = json_object_new_object();
    struct json_object *parameters = json_object_new_object();
    char *bytes = NULL;

    if (message != NULL && parameters != NULL && put_text(message, "method", method) &&
        put_caller(parameters, caller, with_tty) && put_text(parameters, "nonce", nonce) &&
        put_text(parameters, "code", code) &&
        put(message, "parameters", json_object_get(parameters)) &&
        (!more || put(message, "more", json_object_new_boolean(1))))
        bytes = bytes_of(message, size);
    json_object_put(parameters);
    json_object_put(message);
    return bytes;
}

char *faced_request_begin(const struct faced_caller *caller, size_t *size)
{
    return request("io.faced.Logon.Begin", caller, true, NULL, NULL, false, size);
}

char *faced_request_decide(const struct faced_caller *caller, const char *nonce, size_t *size)
{
    return request("io.faced.Logon.Decide", caller, true, nonce, NULL, true, size);
}

char *faced_request_code(const struct faced_caller *caller, const char *nonce, const char *code, size_t *size)
{
    return request("io.faced.Logon.Code", caller, true, nonce, code, false, size);
}

char *faced_request_account(const struct faced_caller *caller, const char *nonce, size_t *size)
{
    return request("io.faced.Logon.Account", caller, false, nonce, NULL, false, size);
}
