#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const int64_t ns_per_ms = 1000000;
static const int64_t ns_per_s = 1000000000;

const char *faced_fault_word(enum faced_fault fault)
{
    switch (fault) {
    case FACED_FINE:
        return "fine";
    case FACED_NO_DAEMON:
        return "no_daemon";
    case FACED_NOT_ROOT:
        return "not_root";
    case FACED_GONE:
        return "connection_closed";
    case FACED_LATE:
        return "deadline";
    case FACED_PROTOCOL:
        return "protocol";
    case FACED_REFUSED:
        return "refused";
    case FACED_NO_RESOURCES:
        return "no_resources";
    }
    return "unknown";
}

static int64_t now(void)
{
    struct timespec time = {0};

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * ns_per_s + time.tv_nsec;
}

faced_deadline faced_deadline_in(unsigned milliseconds)
{
    return now() + (int64_t)milliseconds * ns_per_ms;
}

/* Waits until the socket is ready for `events`. The deadline counts even when it is ready at once: a peer that never
 * stops talking must not hold us. */
static enum faced_fault await(int fd, short events, faced_deadline deadline)
{
    for (;;) {
        struct pollfd socket = {.fd = fd, .events = events};
        int64_t left = deadline - now();
        int64_t left_ms = (left + ns_per_ms - 1) / ns_per_ms;
        int ready;

        if (left <= 0)
            return FACED_LATE;
        ready = poll(&socket, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        if (ready > 0)
            return FACED_FINE;
        if (ready < 0 && errno != EINTR)
            return FACED_NO_RESOURCES;
    }
}

/* A blocking connect() of AF_UNIX waits for a place in the queue as long as SO_SNDTIMEO says; a non-blocking one could
 * only be tried again and again. */
static enum faced_fault connect_by(int fd, const struct sockaddr_un *address, faced_deadline deadline)
{
    for (;;) {
        int64_t left = deadline - now();
        struct timeval wait = {.tv_sec = (time_t)(left / ns_per_s), .tv_usec = (suseconds_t)(left % ns_per_s / 1000)};

        if (left <= 1000) /* a zero timeval would mean for ever */
            return FACED_LATE;
        if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) != 0)
            return FACED_NO_RESOURCES;
        if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
            return FACED_FINE;
        if (errno == EAGAIN)
            return FACED_LATE;
        if (errno != EINTR)
            return FACED_NO_DAEMON;
    }
}

static bool peer_is_root(int fd)
{
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t size = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && size == sizeof peer && peer.uid == 0;
}

/* Never one of the first three numbers: an application that had closed them would write its messages to the daemon. */
static int stream_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int higher;

    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return higher;
}

enum faced_fault faced_link_open(struct faced_link *link, const char *path, faced_deadline deadline)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    enum faced_fault fault;
    struct stat status;

    *link = FACED_LINK_CLOSED;
    if (length >= sizeof address.sun_path)
        return FACED_NO_DAEMON;
    memcpy(address.sun_path, path, length);

    link->fd = stream_socket();
    if (link->fd < 0)
        return FACED_NO_RESOURCES;
    if (fstat(link->fd, &status) != 0) {
        close(link->fd);
        link->fd = -1;
        return FACED_NO_RESOURCES;
    }
    link->owner = getpid();
    link->device = status.st_dev;
    link->inode = status.st_ino;

    fault = connect_by(link->fd, &address, deadline);
    if (fault == FACED_FINE && !peer_is_root(link->fd))
        fault = FACED_NOT_ROOT;
    if (fault != FACED_FINE)
        faced_link_close(link);
    return fault;
}

static bool descriptor_is_ours(const struct faced_link *link)
{
    struct stat status;

    return link->fd >= 0 && fstat(link->fd, &status) == 0 && S_ISSOCK(status.st_mode) &&
           status.st_dev == link->device && status.st_ino == link->inode;
}

bool faced_link_is_ours(const struct faced_link *link)
{
    return link->owner == getpid() && descriptor_is_ours(link);
}

enum faced_fault faced_link_send(struct faced_link *link, const char *bytes, size_t size, faced_deadline deadline)
{
    while (size > 0) {
        enum faced_fault fault = await(link->fd, POLLOUT, deadline);
        ssize_t sent;

        if (fault != FACED_FINE)
            return fault;
        sent = send(link->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        } else if (sent == 0 || (errno != EINTR && errno != EAGAIN)) {
            return FACED_GONE;
        }
    }
    return FACED_FINE;
}

static enum faced_fault receive_some(struct faced_link *link, faced_deadline deadline)
{
    enum faced_fault fault = await(link->fd, POLLIN, deadline);
    ssize_t size;

    if (fault != FACED_FINE)
        return fault;
    size = recv(link->fd, link->received + link->held, FACED_MESSAGE_BYTES - link->held, MSG_DONTWAIT);
    if (size > 0)
        link->held += (size_t)size;
    else if (size == 0 || (errno != EINTR && errno != EAGAIN))
        return FACED_GONE;
    return FACED_FINE;
}

enum faced_fault faced_link_receive(struct faced_link *link, const char **message, size_t *size,
                                    faced_deadline deadline)
{
    size_t searched = 0;

    if (link->received == NULL && (link->received = malloc(FACED_MESSAGE_BYTES)) == NULL)
        return FACED_NO_RESOURCES;
    link->held -= link->taken;
    memmove(link->received, link->received + link->taken, link->held);
    link->taken = 0;
    for (;;) {
        const char *end = memchr(link->received + searched, '\0', link->held - searched);
        enum faced_fault fault;

        if (end != NULL) {
            *message = link->received;
            *size = (size_t)(end - link->received);
            link->taken = *size + 1;
            return now() < deadline ? FACED_FINE : FACED_LATE;
        }
        searched = link->held;
        if (link->held == FACED_MESSAGE_BYTES)
            return FACED_PROTOCOL;
        fault = receive_some(link, deadline);
        if (fault != FACED_FINE)
            return fault;
    }
}

enum faced_fault faced_link_quiet(const struct faced_link *link)
{
    char byte;
    ssize_t size;

    if (link->held != link->taken)
        return FACED_PROTOCOL;
    do
        size = recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    while (size < 0 && errno == EINTR);
    if (size > 0)
        return FACED_PROTOCOL;
    return size < 0 && errno == EAGAIN ? FACED_FINE : FACED_GONE;
}

void faced_link_close(struct faced_link *link)
{
    if (descriptor_is_ours(link))
        close(link->fd);
    free(link->received);
    *link = FACED_LINK_CLOSED;
}
