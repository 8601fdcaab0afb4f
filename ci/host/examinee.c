/*
 * examinee.c - the code under examination in a process of its own, under sanitizers.
 *
 *     examinee TURNS ANSWERS ARENA SIZE
 *
 * The first three are open files, SIZE is that of ARENA in bytes. The examiner
 * (ci/grader/host_subject.py) writes requests to TURNS and reads answers from ANSWERS; ARENA is
 * memory that both have mapped, here at ARENA_START, so that he can look on from outside.
 *
 * Each life of the code is a child, which this process forks on LIFE_BEGIN. The child answers that
 * and all requests that follow, up to LIFE_END or until it dies of one; how it ended is then said
 * here, by an answer with the number DEATH whose result is the wait status. The examiner believes
 * none of it: neither answers nor deaths, nor what is printed.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/exam/exam.h"

/* Addresses are the same in every life. No sanitizer has its own memory there. */
static void *const ARENA_START = (void *)0x200000000000;

/* Requests that are no calls, and the number of an answer that answers none. */
static const uint64_t LIFE_BEGIN = UINT64_MAX, LIFE_END = UINT64_MAX - 1, DEATH = UINT64_MAX;

/* What a life may take. Who prints more than OUTPUT bytes is killed by SIGXFSZ. */
enum { CPU_SECONDS = 1, OUTPUT = 256 * 1024, MEMORY = 128 * 1024 * 1024 };

/* Requests and answers are numbered from 1 on. */
struct request {
    uint64_t number;
    struct exam_turn turn;
};

struct answer {
    uint64_t number, result;
};

static int turns, answers;

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/* A report ends in SIGABRT: an exit of any status is then the code's own doing. */
const char *__asan_default_options(void)
{
    return "abort_on_error=1:detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=256";
}

const char *__ubsan_default_options(void)
{
    return "abort_on_error=1:print_stacktrace=1";
}

/* False: there will be no more of them. A request is written, and so read, as a whole. */
static bool next_request(struct request *request)
{
    return read(turns, request, sizeof *request) == (ssize_t)sizeof *request;
}

static void answer(uint64_t number, uint64_t result)
{
    const struct answer text = {number, result};
    if (write(answers, &text, sizeof text) != (ssize_t)sizeof text)
        _exit(EXIT_FAILURE); /* nobody is there to read it */
}

static void limit(int resource, rlim_t value)
{
    const struct rlimit both = {value, value};
    setrlimit((__rlimit_resource_t)resource, &both);
}

/* Bytes of memory of its own that this process has: with AddressSanitizer, terabytes that are
 * reserved. */
static rlim_t own_memory(void)
{
    rlim_t pages = 0;
    FILE *const file = fopen("/proc/self/statm", "r"); /* the sixth number counts them */

    if (file == NULL || fscanf(file, "%*u %*u %*u %*u %*u %lu", &pages) != 1)
        exit(EXIT_FAILURE);
    fclose(file);
    return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static _Noreturn void live(uint64_t number, rlim_t memory)
{
    struct request request;

    setrlimit(RLIMIT_CPU, &(struct rlimit){CPU_SECONDS, CPU_SECONDS + 1});
    limit(RLIMIT_DATA, memory + MEMORY);
    limit(RLIMIT_FSIZE, OUTPUT);
    limit(RLIMIT_NPROC, 0);
    limit(RLIMIT_CORE, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    answer(number, 0);
    while (next_request(&request) && request.turn.call != LIFE_END)
        answer(request.number, exam_answer(&request.turn));
    _exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    struct request request;
    int status;

    if (argc != 5) {
        fprintf(stderr,
                "usage: examinee TURNS ANSWERS ARENA SIZE; see ci/grader/host_subject.py\n");
        return EXIT_FAILURE;
    }
    turns = atoi(argv[1]);
    answers = atoi(argv[2]);
    const int arena = atoi(argv[3]);
    if (mmap(ARENA_START, strtoul(argv[4], NULL, 10), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_FIXED_NOREPLACE, arena, 0) != ARENA_START) {
        perror("examinee: no room for the arena");
        return EXIT_FAILURE;
    }
    close(arena);
    const rlim_t memory = own_memory();
    while (next_request(&request)) {
        if (request.turn.call != LIFE_BEGIN)
            continue; /* meant for a life that had ended */
        const pid_t life = fork();
        if (life == 0)
            live(request.number, memory);
        if (life > 0 && waitpid(life, &status, 0) == life)
            answer(DEATH, (uint64_t)status);
        else
            return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
