/* JSON as RFC 8259 has it, and unambiguous. */
#ifndef FACED_STRICT_H
#define FACED_STRICT_H

#include <json-c/json.h>
#include <stddef.h>

/* Reads one JSON object of `size` bytes, nested at most 8 deep. NULL for everything else, for a name that an object has
 * twice, and for an escaped NUL. To be put back with json_object_put(). */
struct json_object *faced_strict_object(const char *json, size_t size);

#endif
