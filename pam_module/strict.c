#include "strict.h"

#include "text.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

enum { DEPTH = 8 };

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Whether a number may go on like this at json[at]: "1." and "1e" are not numbers. */
static bool number_goes_on(const char *json, size_t size, size_t at)
{
    bool exponent = (json[at] == 'e' || json[at] == 'E') && at > 0 && is_digit(json[at - 1]);
    char next = at + 1 < size ? json[at + 1] : '\0';

    if (exponent)
        return is_digit(next) || next == '+' || next == '-';
    return (json[at] != '.' && json[at] != '+' && json[at] != '-') || is_digit(next);
}

/* json-c's strict mode (0.16) still takes names in single quotes, NaN, "1.", raw control characters and \u0000, which
 * ends a name early. Refuses these by looking at the bytes, and counts the colons outside strings: one for each member. */
static bool surface_is_clean(const char *json, size_t size, size_t *members)
{
    static const char outside[] = "{}[]:, \t\r\n+-.0123456789Eaeflnrstu";
    bool in_string = false;

    *members = 0;
    for (size_t at = 0; at < size; at++) {
        char byte = json[at];

        if (byte == '\0')
            return false;
        if (byte == '"') {
            in_string = !in_string;
        } else if (!in_string) {
            if (strchr(outside, byte) == NULL || !number_goes_on(json, size, at))
                return false;
            *members += (size_t)(byte == ':');
        } else if ((unsigned char)byte < 0x20) {
            return false;
        } else if (byte == '\\') {
            if (size - at >= 6 && memcmp(json + at, "\\u0000", 6) == 0)
                return false;
            at++;
        }
    }
    return !in_string;
}

static size_t members_of(struct json_object *value)
{
    size_t count = 0;

    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, name, member)
        {
            (void)name;
            count += 1 + members_of(member);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t at = 0; at < json_object_array_length(value); at++)
            count += members_of(json_object_array_get_idx(value, at));
    }
    return count;
}

struct json_object *faced_strict_object(const char *json, size_t size)
{
    struct json_tokener *tokener;
    struct json_object *value;
    size_t members;

    if (size == 0 || size > INT_MAX || !faced_utf8_is_valid(json, size) || !surface_is_clean(json, size, &members))
        return NULL;
    tokener = json_tokener_new_ex(DEPTH);
    if (tokener == NULL)
        return NULL;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    value = json_tokener_parse_ex(tokener, json, (int)size);
    if (json_tokener_get_error(tokener) != json_tokener_success || json_tokener_get_parse_end(tokener) != size ||
        !json_object_is_type(value, json_type_object) || members_of(value) != members) {
        /* The last: of two members with one name json-c keeps the second, and the first was counted. */
        json_object_put(value);
        value = NULL;
    }
    json_tokener_free(tokener);
    return value;
}
