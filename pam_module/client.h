/* The connection to faced: one AF_UNIX stream to root, messages ended by NUL, one absolute deadline for all of it. */
#ifndef FACED_CLIENT_H
#define FACED_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* 64 KiB a message, its NUL included. */
enum { FACED_MESSAGE_BYTES = 65536 };

/* Why an exchange failed. */
enum faced_fault {
    FACED_FINE,
    FACED_NO_DAEMON,     /* nobody listens */
    FACED_NOT_ROOT,      /* somebody else than root listens */
    FACED_GONE,          /* the daemon closed the connection */
    FACED_LATE,          /* the deadline has passed */
    FACED_PROTOCOL,      /* it said something that it must not say */
    FACED_REFUSED,       /* it answered with an error */
    FACED_NO_RESOURCES   /* no memory, descriptor or random numbers */
};

/* A token for the log. */
const char *faced_fault_word(enum faced_fault fault);

/* Nanoseconds of CLOCK_MONOTONIC. */
typedef int64_t faced_deadline;

faced_deadline faced_deadline_in(unsigned milliseconds);

struct faced_link {
    int fd; /* -1 when closed */
    /* Whose connection it is: the application may fork, or close all descriptors and use the number for something else. */
    pid_t owner;
    dev_t device;
    ino_t inode;
    char *received; /* FACED_MESSAGE_BYTES of them, from the first receive on */
    size_t held;
    size_t taken; /* of those held: the message given out last */
};

#define FACED_LINK_CLOSED ((struct faced_link){.fd = -1})

/* Connects to the absolute path; FACED_FINE only if root is at the other end. */
enum faced_fault faced_link_open(struct faced_link *link, const char *path, faced_deadline deadline);

/* True if this process opened the connection and its descriptor is still that connection. */
bool faced_link_is_ours(const struct faced_link *link);

enum faced_fault faced_link_send(struct faced_link *link, const char *bytes, size_t size, faced_deadline deadline);

/* Gives the next message without its NUL, good until the next call. */
enum faced_fault faced_link_receive(struct faced_link *link, const char **message, size_t *size,
                                    faced_deadline deadline);

/* FACED_FINE if nothing more has arrived, FACED_PROTOCOL if something has, FACED_GONE if the other end has closed. */
enum faced_fault faced_link_quiet(const struct faced_link *link);

/* Closes it, if it is ours, and frees what was received. */
void faced_link_close(struct faced_link *link);

#endif
