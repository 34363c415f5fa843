/*
 * A V4L2 webcam for programs that run with this library in LD_PRELOAD (YUYV, memory-mapped streaming).
 *
 * FAKEV4L2_SETTINGS names a text file of "key value" lines, read again at every open of the device, so that a test can
 * change who sits before the camera of a daemon that keeps running:
 *
 *   device      path that this camera answers to (default /dev/video42)
 *   frames      file of raw YUYV frames, shown from the first at every open and repeated (default: grey)
 *   idle        of these frames only so many are shown and repeated, the others when asked for (default: all)
 *   cue         file that is read before each frame: "NUMBER FIRST COUNT TIMES"; at each new NUMBER the COUNT frames from
 *               FIRST on are shown so many TIMES, and then the idle ones from the first
 *   noise       1: one luma value in 64 changes by one, differently in each frame, as no sensor gives a picture twice
 *   width, height, fps
 *   driver, bus, card   what VIDIOC_QUERYCAP says
 *   busy        1: another program is streaming
 *   absent      1: unplugged, the device cannot be opened
 *   fail_after  frames until the cable is pulled (ENODEV)
 *   stall_after frames until the camera falls silent without an error
 *
 * The descriptor is a timerfd that expires when the next frame is due, so that poll(), select() and non-blocking reads
 * behave as with a real driver. One descriptor streams at a time; a second open sees a busy device.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BUFFERS = 8, MAX_OPEN = 8, TEXT = 512 };

struct settings {
    char device[TEXT], frames[TEXT], cue[TEXT], driver[16], card[32], bus[32];
    int width, height, fps;
    bool busy, absent, noise;
    long idle;
    long fail_after, stall_after;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct settings now;
static int descriptors[MAX_OPEN] = {-1, -1, -1, -1, -1, -1, -1, -1};
static int streamer = -1;         /* the descriptor that owns the buffers */
static int memory = -1;           /* memfd behind the buffers */
static int frames = -1;           /* the frames file */
static int cue = -1;              /* the file that says which act comes next */
static long frames_in_file, served;
static long shown, act_number, act_first, act_count, act_left; /* left: frames, all times together */
static int buffers, queue[MAX_BUFFERS], queued;
static bool streaming;
static struct timespec due;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static size_t frame_size(void)
{
    return (size_t)now.width * (size_t)now.height * 2;
}

/* Buffers begin at page boundaries, or they could not be mapped one by one. */
static size_t buffer_size(void)
{
    return (frame_size() + 4095) & ~(size_t)4095;
}

static void load_settings(struct settings *into)
{
    *into = (struct settings){.device = "/dev/video42", .driver = "uvcvideo", .card = "Preloaded Camera",
                              .bus = "usb-0000:00:14.0-1", .width = 640, .height = 480, .fps = 30,
                              .fail_after = -1, .stall_after = -1};
    const char *path = getenv("FAKEV4L2_SETTINGS");
    FILE *file = path ? fopen(path, "re") : NULL;
    char line[TEXT + 32];
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        char *value = strchr(line, ' ');
        if (!value)
            continue;
        *value++ = 0;
        if (!strcmp(line, "device"))
            snprintf(into->device, sizeof into->device, "%s", value);
        else if (!strcmp(line, "frames"))
            snprintf(into->frames, sizeof into->frames, "%s", value);
        else if (!strcmp(line, "cue"))
            snprintf(into->cue, sizeof into->cue, "%s", value);
        else if (!strcmp(line, "idle"))
            into->idle = atol(value);
        else if (!strcmp(line, "noise"))
            into->noise = atoi(value) != 0;
        else if (!strcmp(line, "driver"))
            snprintf(into->driver, sizeof into->driver, "%s", value);
        else if (!strcmp(line, "card"))
            snprintf(into->card, sizeof into->card, "%s", value);
        else if (!strcmp(line, "bus"))
            snprintf(into->bus, sizeof into->bus, "%s", value);
        else if (!strcmp(line, "width"))
            into->width = atoi(value);
        else if (!strcmp(line, "height"))
            into->height = atoi(value);
        else if (!strcmp(line, "fps"))
            into->fps = atoi(value);
        else if (!strcmp(line, "busy"))
            into->busy = atoi(value) != 0;
        else if (!strcmp(line, "absent"))
            into->absent = atoi(value) != 0;
        else if (!strcmp(line, "fail_after"))
            into->fail_after = atol(value);
        else if (!strcmp(line, "stall_after"))
            into->stall_after = atol(value);
    }
    if (file)
        fclose(file);
}

static bool is_device(const char *path)
{
    /* Most opens of a program are of other files: only a path below /dev is worth reading the settings for. */
    if (!path || strncmp(path, "/dev/", 5))
        return false;
    struct settings asked;
    load_settings(&asked);
    return !strcmp(path, asked.device);
}

static int slot(int descriptor)
{
    for (int i = 0; descriptor >= 0 && i < MAX_OPEN; i++)
        if (descriptors[i] == descriptor)
            return i;
    return -1;
}

static void release_stream(void)
{
    if (frames >= 0)
        REAL(close)(frames);
    if (memory >= 0)
        REAL(close)(memory);
    if (cue >= 0)
        REAL(close)(cue);
    frames = memory = streamer = cue = -1;
    buffers = queued = 0;
    streaming = false;
}

static int device_open(int flags)
{
    struct settings fresh;
    load_settings(&fresh);
    if (fresh.absent) {
        errno = ENOENT;
        return -1;
    }
    int place = -1;
    for (int i = 0; i < MAX_OPEN && place < 0; i++)
        if (descriptors[i] < 0)
            place = i;
    if (place < 0) {
        errno = EMFILE;
        return -1;
    }
    if (streamer < 0)
        now = fresh;
    int timer_flags = TFD_CLOEXEC | (flags & O_NONBLOCK ? TFD_NONBLOCK : 0);
    return descriptors[place] = timerfd_create(CLOCK_MONOTONIC, timer_flags);
}

static void read_cue(void)
{
    char text[TEXT] = {0};
    long number, first, count, times;
    if (cue < 0 || pread(cue, text, sizeof text - 1, 0) <= 0 || sscanf(text, "%ld %ld %ld %ld", &number, &first, &count, &times) != 4)
        return;
    if (number != act_number) {
        act_number = number;
        act_first = first;
        act_count = count;
        act_left = count * times;
    }
}

/* Whoever asks for buffers or a format becomes the streamer, as in uvcvideo; everybody else is told EBUSY. */
static int become_streamer(int descriptor)
{
    if (now.busy || (streamer >= 0 && streamer != descriptor)) {
        errno = EBUSY;
        return -1;
    }
    if (streamer == descriptor)
        return 0;
    streamer = descriptor;
    served = shown = act_left = 0;
    memory = memfd_create("fakev4l2", MFD_CLOEXEC);
    if (now.frames[0]) {
        struct stat facts;
        frames = REAL(open)(now.frames, O_RDONLY | O_CLOEXEC);
        frames_in_file = frames >= 0 && !fstat(frames, &facts) ? (long)((size_t)facts.st_size / frame_size()) : 0;
    }
    if (now.cue[0]) {
        cue = REAL(open)(now.cue, O_RDONLY | O_CLOEXEC);
        read_cue();
        act_left = 0; /* what was asked for before this stream is over */
    }
    return memory < 0 ? -1 : 0;
}

static void arm(void)
{
    struct itimerspec when = {.it_value = due};
    if (now.stall_after >= 0 && served >= now.stall_after)
        when.it_value = (struct timespec){0};
    timerfd_settime(streamer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void next_frame_due(void)
{
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    due.tv_nsec += 1000000000L / now.fps;
    if (due.tv_nsec >= 1000000000L) {
        due.tv_sec++;
        due.tv_nsec -= 1000000000L;
    }
    long late_ms = (clock.tv_sec - due.tv_sec) * 1000 + (clock.tv_nsec - due.tv_nsec) / 1000000;
    if (late_ms > 1000L * buffers / now.fps) /* a driver keeps no more frames than it has buffers */
        due = clock;
    arm();
}

/* The number in the file of the frame that is due. */
static long next_frame(void)
{
    long idle = now.idle > 0 && now.idle < frames_in_file ? now.idle : frames_in_file;
    read_cue();
    if (act_left > 0 && act_count > 0 && act_first + act_count <= frames_in_file) {
        long frame = act_first + (act_count - act_left % act_count) % act_count;
        if (!--act_left)
            shown = 0;
        return frame;
    }
    return shown++ % idle;
}

static void add_noise(unsigned char *frame, size_t size)
{
    uint32_t random = (uint32_t)served * 2654435761U + 12345U;
    for (size_t at = 0; at < size; at += 128) {
        random = random * 1664525U + 1013904223U;
        unsigned char *luma = frame + at + (random >> 26) * 2;
        if (luma < frame + size)
            *luma = (unsigned char)(*luma < 128 ? *luma + 1 : *luma - 1);
    }
}

static void paint(int index)
{
    size_t size = frame_size(), whole = (size_t)buffers * buffer_size();
    char *all = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (all == MAP_FAILED)
        return;
    char *frame = all + (size_t)index * buffer_size();
    if (frames_in_file <= 0 || pread(frames, frame, size, (off_t)((size_t)next_frame() * size)) < 0)
        memset(frame, 128, size);
    if (now.noise)
        add_noise((unsigned char *)frame, size);
    munmap(all, whole);
}

static int dequeue(struct v4l2_buffer *buffer)
{
    uint64_t expirations;
    if (!streaming || !queued) {
        errno = EAGAIN;
        return -1;
    }
    if (read(streamer, &expirations, sizeof expirations) < 0)
        return -1;
    int index = queue[0];
    memmove(queue, queue + 1, (size_t)--queued * sizeof queue[0]);
    paint(index);
    struct timespec stamp = due;
    *buffer = (struct v4l2_buffer){.index = (uint32_t)index, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
                                   .memory = V4L2_MEMORY_MMAP, .bytesused = (uint32_t)frame_size(),
                                   .length = (uint32_t)buffer_size(), .sequence = (uint32_t)served++,
                                   .flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC,
                                   .timestamp = {stamp.tv_sec, stamp.tv_nsec / 1000},
                                   .m.offset = (uint32_t)((size_t)index * buffer_size())};
    next_frame_due();
    return 0;
}

static void tell_format(struct v4l2_format *format)
{
    format->fmt.pix = (struct v4l2_pix_format){.width = (uint32_t)now.width, .height = (uint32_t)now.height,
                                               .pixelformat = V4L2_PIX_FMT_YUYV, .field = V4L2_FIELD_NONE,
                                               .bytesperline = (uint32_t)now.width * 2,
                                               .sizeimage = (uint32_t)frame_size(),
                                               .colorspace = V4L2_COLORSPACE_SRGB};
}

static int refuse(int error)
{
    errno = error;
    return -1;
}

static int device_ioctl(int descriptor, unsigned long request, void *argument)
{
    if (now.fail_after >= 0 && descriptor == streamer && served >= now.fail_after)
        return refuse(ENODEV);
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *answer = argument;
        memset(answer, 0, sizeof *answer);
        memcpy(answer->driver, now.driver, sizeof answer->driver);
        memcpy(answer->card, now.card, sizeof answer->card);
        memcpy(answer->bus_info, now.bus, sizeof answer->bus_info);
        answer->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        answer->capabilities = answer->device_caps | V4L2_CAP_DEVICE_CAPS;
        return 0;
    }
    case VIDIOC_ENUMINPUT: {
        struct v4l2_input *input = argument;
        if (input->index)
            return refuse(EINVAL);
        strcpy((char *)input->name, "Camera 1");
        input->type = V4L2_INPUT_TYPE_CAMERA;
        return 0;
    }
    case VIDIOC_G_INPUT:
        *(int *)argument = 0;
        return 0;
    case VIDIOC_S_INPUT:
        return 0;
    case VIDIOC_ENUM_FMT: {
        struct v4l2_fmtdesc *format = argument;
        if (format->index || format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
            return refuse(EINVAL);
        format->pixelformat = V4L2_PIX_FMT_YUYV;
        return 0;
    }
    case VIDIOC_S_FMT:
        if (become_streamer(descriptor))
            return -1;
        /* fall through */
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
        if (((struct v4l2_format *)argument)->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
            return refuse(EINVAL);
        tell_format(argument);
        return 0;
    case VIDIOC_S_PARM:
    case VIDIOC_G_PARM: {
        struct v4l2_streamparm *parameters = argument;
        parameters->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        parameters->parm.capture.timeperframe = (struct v4l2_fract){1, (uint32_t)now.fps};
        return 0;
    }
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *asked = argument;
        if (asked->memory != V4L2_MEMORY_MMAP)
            return refuse(EINVAL);
        if (become_streamer(descriptor))
            return -1;
        if (!asked->count) {
            release_stream();
            return 0;
        }
        asked->count = asked->count > MAX_BUFFERS ? MAX_BUFFERS : asked->count;
        buffers = (int)asked->count;
        queued = 0;
        return ftruncate(memory, (off_t)((size_t)buffers * buffer_size()));
    }
    case VIDIOC_QUERYBUF: {
        struct v4l2_buffer *buffer = argument;
        if ((int)buffer->index >= buffers)
            return refuse(EINVAL);
        buffer->length = (uint32_t)buffer_size();
        buffer->m.offset = (uint32_t)(buffer->index * buffer_size());
        return 0;
    }
    case VIDIOC_QBUF: {
        struct v4l2_buffer *buffer = argument;
        if ((int)buffer->index >= buffers || queued >= MAX_BUFFERS)
            return refuse(EINVAL);
        queue[queued++] = (int)buffer->index;
        return 0;
    }
    case VIDIOC_DQBUF:
        return dequeue(argument);
    case VIDIOC_STREAMON:
        streaming = true;
        clock_gettime(CLOCK_MONOTONIC, &due);
        next_frame_due();
        return 0;
    case VIDIOC_STREAMOFF:
        streaming = false;
        queued = 0;
        return 0;
    case VIDIOC_QUERYCTRL:
    case VIDIOC_G_CTRL:
    case VIDIOC_S_CTRL:
        return refuse(EINVAL);
    default:
        return refuse(ENOTTY);
    }
}

static int guarded_open(int flags)
{
    pthread_mutex_lock(&lock);
    int descriptor = device_open(flags);
    pthread_mutex_unlock(&lock);
    return descriptor;
}

#define MODE(flags, last) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list more; \
        va_start(more, last); \
        mode = va_arg(more, mode_t); \
        va_end(more); \
    }

int open(const char *path, int flags, ...)
{
    MODE(flags, flags)
    return is_device(path) ? guarded_open(flags) : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE(flags, flags)
    return is_device(path) ? guarded_open(flags) : REAL(open64)(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE(flags, flags)
    return is_device(path) ? guarded_open(flags) : REAL(openat)(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    MODE(flags, flags)
    return is_device(path) ? guarded_open(flags) : REAL(openat64)(folder, path, flags, mode);
}

int close(int descriptor)
{
    pthread_mutex_lock(&lock);
    int place = slot(descriptor);
    if (place >= 0) {
        if (descriptor == streamer)
            release_stream();
        descriptors[place] = -1;
    }
    pthread_mutex_unlock(&lock);
    return REAL(close)(descriptor);
}

int ioctl(int descriptor, unsigned long request, ...)
{
    va_list more;
    va_start(more, request);
    void *argument = va_arg(more, void *);
    va_end(more);
    pthread_mutex_lock(&lock);
    bool ours = slot(descriptor) >= 0;
    int result = ours ? device_ioctl(descriptor, (uint32_t)request, argument) : 0;
    pthread_mutex_unlock(&lock);
    return ours ? result : REAL(ioctl)(descriptor, request, argument);
}

void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset)
{
    static __typeof__(&mmap) system_mmap;
    if (!system_mmap)
        system_mmap = (__typeof__(&mmap))real("mmap");
    int backing = descriptor >= 0 && descriptor == streamer ? memory : descriptor;
    return system_mmap(address, length, protection, flags, backing, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int descriptor, off64_t offset)
{
    return mmap(address, length, protection, flags, descriptor, offset);
}

static int device_stat(struct stat *facts)
{
    memset(facts, 0, sizeof *facts);
    facts->st_mode = S_IFCHR | 0660;
    facts->st_rdev = makedev(81, 42);
    facts->st_nlink = 1;
    return 0;
}

int stat(const char *path, struct stat *facts)
{
    return is_device(path) ? device_stat(facts) : REAL(stat)(path, facts);
}

int lstat(const char *path, struct stat *facts)
{
    return is_device(path) ? device_stat(facts) : REAL(lstat)(path, facts);
}

/* One layout on 64-bit Linux. */
_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "stat64 differs");

int stat64(const char *path, struct stat64 *facts)
{
    return is_device(path) ? device_stat((struct stat *)facts) : REAL(stat64)(path, facts);
}

int lstat64(const char *path, struct stat64 *facts)
{
    return is_device(path) ? device_stat((struct stat *)facts) : REAL(lstat64)(path, facts);
}
