#include "text.h"

#include <stdint.h>
#include <string.h>

/* The bytes of the first UTF-8 sequence (RFC 3629: no overlong forms, no surrogates), 0 if there is none. */
static size_t sequence(const unsigned char *text, size_t size, uint32_t *point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length;

    if (size == 0)
        return 0;
    if (text[0] < 0x80) {
        *point = text[0];
        return 1;
    }
    if ((text[0] & 0xe0) == 0xc0) {
        length = 2;
        *point = text[0] & 0x1fU;
    } else if ((text[0] & 0xf0) == 0xe0) {
        length = 3;
        *point = text[0] & 0x0fU;
    } else if ((text[0] & 0xf8) == 0xf0) {
        length = 4;
        *point = text[0] & 0x07U;
    } else {
        return 0;
    }
    if (length > size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *point = (*point << 6) | (text[i] & 0x3fU);
    }
    if (*point < smallest[length] || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
        return 0;
    return length;
}

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point <= 0x9f);
}

/* Line and paragraph separators and the marks that turn the direction of writing: a line could be made to read as
 * something else than it says. */
static bool is_direction(uint32_t point)
{
    return point == 0x061c || point == 0x200e || point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069);
}

bool faced_utf8_is_valid(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t point;
    size_t length;

    for (size_t at = 0; at < size; at += length) {
        length = sequence(bytes + at, size - at, &point);
        if (length == 0)
            return false;
    }
    return true;
}

bool faced_item_is_clean(const char *item)
{
    const unsigned char *bytes = (const unsigned char *)item;
    size_t size = strnlen(item, FACED_ITEM_BYTES + 1);

    if (size == 0 || size > FACED_ITEM_BYTES)
        return false;
    for (size_t at = 0; at < size;) {
        uint32_t point;
        size_t length = sequence(bytes + at, size - at, &point);

        if (length == 0 || is_control(point))
            return false;
        at += length;
    }
    return true;
}

void faced_text_clean(char line[FACED_TEXT_BYTES + 1], const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    bool full = false;
    size_t used = 0;

    for (size_t at = 0; at < size;) {
        uint32_t point;
        size_t length = sequence(bytes + at, size - at, &point);

        if (length == 0) {
            used = 0;
            break;
        }
        full = full || used + length > FACED_TEXT_BYTES;
        if (!full && !is_control(point) && !is_direction(point)) {
            memcpy(line + used, bytes + at, length);
            used += length;
        }
        at += length;
    }
    line[used] = '\0';
}
