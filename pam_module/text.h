/* UTF-8 text from and for people: names that PAM gives us, lines that the daemon wants shown. */
#ifndef FACED_TEXT_H
#define FACED_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { FACED_ITEM_BYTES = 256, FACED_TEXT_BYTES = 200 };

bool faced_utf8_is_valid(const char *text, size_t size);

/* True for 1 to FACED_ITEM_BYTES bytes of valid UTF-8 without control characters. */
bool faced_item_is_clean(const char *item);

/* Copies text of `size` bytes into `line`, a C string: control and direction characters left out, cut at the last whole
 * character within FACED_TEXT_BYTES. Text that is not valid UTF-8 gives an empty line. */
void faced_text_clean(char line[FACED_TEXT_BYTES + 1], const char *text, size_t size);

#endif
