/* What the module writes and what it reads, one line each way; see test_vectors.py.
 *
 *   request METHOD USER SERVICE TTY RHOST UID NONCE CODE   ->  HEX of the bytes   (a field: hex, "-" for none)
 *   reply METHOD NONCE HEX                            ->  KIND [WORD [HEX of the text]] */
#include "reply.h"
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 9, LINE_BYTES = 300000 };

static const char *const kinds[] = {"malformed", "error", "begun", "guidance", "outcome", "standing"};

/* In place; the bytes are followed by a NUL. */
static size_t from_hex(char *field)
{
    size_t size = strlen(field) / 2;

    for (size_t at = 0; at < size; at++) {
        char digits[3] = {field[2 * at], field[2 * at + 1], '\0'};

        field[at] = (char)strtoul(digits, NULL, 16);
    }
    field[size] = '\0';
    return size;
}

static void put_hex(const char *bytes, size_t size)
{
    for (size_t at = 0; at < size; at++)
        printf("%02x", (unsigned char)bytes[at]);
}

static const char *text_of(char *field)
{
    if (strcmp(field, "-") == 0)
        return NULL;
    from_hex(field);
    return field;
}

static void write_request(char **field)
{
    struct faced_caller caller = {
        .user = text_of(field[2]),
        .service = text_of(field[3]),
        .tty = text_of(field[4]),
        .rhost = text_of(field[5]),
        .real_uid = (uid_t)strtoul(field[6], NULL, 10),
    };
    size_t size = 0;
    char *bytes = NULL;

    if (strcmp(field[1], "Begin") == 0)
        bytes = faced_request_begin(&caller, &size);
    else if (strcmp(field[1], "Decide") == 0)
        bytes = faced_request_decide(&caller, text_of(field[7]), &size);
    else if (strcmp(field[1], "Code") == 0)
        bytes = faced_request_code(&caller, text_of(field[7]), text_of(field[8]), &size);
    else if (strcmp(field[1], "Account") == 0)
        bytes = faced_request_account(&caller, text_of(field[7]), &size);
    if (bytes == NULL)
        exit(EXIT_FAILURE);
    put_hex(bytes, size);
    free(bytes);
}

static void read_reply(char **field)
{
    struct faced_reply reply = {.kind = FACED_REPLY_MALFORMED};
    const char *nonce = text_of(field[2]);
    size_t size = strcmp(field[3], "-") == 0 ? 0 : from_hex(field[3]);
    /* Exactly as many bytes as there are, so that a sanitizer sees the first one too many. */
    char *message = malloc(size == 0 ? 1 : size);

    if (message == NULL || nonce == NULL)
        exit(EXIT_FAILURE);
    memcpy(message, field[3], size);
    if (strcmp(field[1], "Begin") == 0)
        reply.kind = faced_reply_to_begin(message, size);
    else if (strcmp(field[1], "Decide") == 0)
        faced_reply_to_decide(&reply, message, size, nonce);
    else
        faced_reply_to_account(&reply, message, size, nonce);
    free(message);
    printf("%s", kinds[reply.kind]);
    if (reply.kind == FACED_REPLY_OUTCOME)
        printf(" %s", faced_outcome_word(reply.outcome));
    else if (reply.kind == FACED_REPLY_STANDING)
        printf(" %s", faced_standing_word(reply.standing));
    else
        printf(" -");
    putchar(' ');
    put_hex(reply.text, strlen(reply.text));
}

int main(void)
{
    char *line = malloc(LINE_BYTES);

    if (line == NULL)
        return EXIT_FAILURE;
    while (fgets(line, LINE_BYTES, stdin) != NULL) {
        char *field[FIELDS] = {NULL};
        size_t count = 0;

        for (char *word = strtok(line, " \n"); word != NULL && count < FIELDS; word = strtok(NULL, " \n"))
            field[count++] = word;
        if (count == 9 && strcmp(field[0], "request") == 0)
            write_request(field);
        else if (count == 4 && strcmp(field[0], "reply") == 0)
            read_reply(field);
        else
            return EXIT_FAILURE;
        putchar('\n');
    }
    free(line);
    return EXIT_SUCCESS;
}
