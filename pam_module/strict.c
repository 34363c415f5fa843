#include "strict.h"

#include "text.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

enum { DEPTH = 8 };

static size_t digits(const char *json, size_t size, size_t at)
{
    size_t start = at;

    while (at < size && json[at] >= '0' && json[at] <= '9')
        at++;
    return at - start;
}

/* The length of the number that starts at json[at], 0 if it is none: -?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)? */
static size_t number(const char *json, size_t size, size_t at)
{
    size_t start = at, count;

    at += (size_t)(json[at] == '-');
    count = digits(json, size, at);
    if (count == 0 || (json[at] == '0' && count > 1))
        return 0;
    at += count;
    if (at < size && json[at] == '.') {
        count = digits(json, size, at + 1);
        if (count == 0)
            return 0;
        at += 1 + count;
    }
    if (at < size && (json[at] == 'e' || json[at] == 'E')) {
        at++;
        at += (size_t)(at < size && (json[at] == '+' || json[at] == '-'));
        count = digits(json, size, at);
        if (count == 0)
            return 0;
        at += count;
    }
    return at - start;
}

/* json-c's strict mode (0.16) still takes names in single quotes, NaN, "1.", "00.5", raw control characters and \u0000,
 * which ends a name early. Refuses these by looking at the bytes, and counts the colons outside strings: one for each member. */
static bool surface_is_clean(const char *json, size_t size, size_t *members)
{
    static const char outside[] = "{}[]:, \t\r\nfalsetruenull";
    bool in_string = false;

    *members = 0;
    for (size_t at = 0; at < size; at++) {
        char byte = json[at];

        if (byte == '\0')
            return false;
        if (byte == '"') {
            in_string = !in_string;
        } else if (!in_string && (byte == '-' || (byte >= '0' && byte <= '9'))) {
            size_t length = number(json, size, at);

            if (length == 0)
                return false;
            at += length - 1;
        } else if (!in_string) {
            if (strchr(outside, byte) == NULL)
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
